import { Inject, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import proxyAddr from 'proxy-addr';
import { REALTIME_OPTIONS } from '../realtime.tokens.js';
import type { ResolvedOptions } from '../realtime.options.js';
import { type AnyRequest, rawRequest } from '../sessions/raw-http.js';
import { invalid } from '../realtime.checks.js';

type Trust = (address: string, hop: number) => boolean;

/** The IPv4 ones are told by their text: lists cost much, and every request is looked at. */
const LOOPBACK = new BlockList();
LOOPBACK.addAddress('::1', 'ipv6');

const PRIVATE = new BlockList();
PRIVATE.addSubnet('10.0.0.0', 8);
PRIVATE.addSubnet('172.16.0.0', 12);
PRIVATE.addSubnet('192.168.0.0', 16);
PRIVATE.addSubnet('169.254.0.0', 16);
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
PRIVATE.addSubnet('fe80::', 10, 'ipv6');

/**
 * From where a client comes. `X-Forwarded-For` is believed of proxies only that the application trusts. A peer of a private network
 * that forwards for somebody and is not trusted is a proxy that nobody has told us of: the address is then not known,
 * for otherwise all clients together would be held to the limits of one.
 */
@Injectable()
export class ClientAddresses {
  private readonly logger = new Logger('Nestwire');
  private readonly known = new WeakMap<IncomingMessage, string>();
  private readonly trusted: Trust | undefined;
  private hasWarned = false;

  constructor(
    private readonly host: HttpAdapterHost,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
  ) {
    this.trusted = compile(options.limits.trustProxy);
  }

  /** Remembers what the framework says of a request. */
  note(request: AnyRequest): void {
    const { ip } = request as { ip?: unknown };
    if (typeof ip === 'string') this.known.set(rawRequest(request), ip);
  }

  /** The client's address; undefined where it is not known. */
  of(request: IncomingMessage): string | undefined {
    const { clientIp } = this.options.limits;
    const address = clientIp === undefined ? this.forwarded(request) : clientIp(request);
    return address === undefined ? undefined : withoutMapping(withoutPort(address));
  }

  private forwarded(request: IncomingMessage): string | undefined {
    const peer = request.socket.remoteAddress;
    if (peer === undefined) return undefined;
    const trust = this.trusted ?? this.frameworksTrust();
    const address = trust === undefined ? (this.known.get(request) ?? peer) : proxyAddr(request, trust);
    if (address !== peer || !forwards(request) || !isNear(peer)) return address;
    this.warn(peer);
    return undefined;
  }

  /** Express can be asked for what it trusts; Fastify says it of its own requests only. */
  private frameworksTrust(): Trust | undefined {
    const http = this.host.httpAdapter;
    if (http?.getType() !== 'express') return undefined;
    return http.getInstance<{ get(name: string): Trust | undefined }>().get('trust proxy fn');
  }

  private warn(peer: string): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    this.logger.warn(
      `WARNING: ${peer} forwards for others and is not trusted, so that limits by address are not applied: set "limits.trustProxy"`,
    );
  }
}

/** True for the machine's own addresses. */
export function isLoopback(address: string): boolean {
  const plain = withoutMapping(address);
  return isIP(plain) === 4 ? plain.startsWith('127.') : contains(LOOPBACK, plain);
}

/** What an address is counted under: a household has one IPv4 address, and a /64 of IPv6. */
export function addressKey(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0');
  const groups = [...front, ...zeros, ...back].slice(0, 4);
  return `${groups.map((group) => group.replace(/^0+(?=.)/, '').toLowerCase()).join(':')}::/64`;
}

function compile(trustProxy: ResolvedOptions['limits']['trustProxy']): Trust | undefined {
  if (trustProxy === undefined) return undefined;
  if (typeof trustProxy === 'boolean') return () => trustProxy;
  if (typeof trustProxy === 'number') return (_, hop) => hop < trustProxy;
  try {
    return proxyAddr.compile(typeof trustProxy === 'string' ? trustProxy.split(/ *, */) : [...trustProxy]);
  } catch {
    throw invalid('limits.trustProxy', trustProxy, 'a number of hops, or addresses and subnets');
  }
}

function forwards({ headers }: IncomingMessage): boolean {
  return headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined;
}

function isNear(peer: string): boolean {
  return isLoopback(peer) || contains(PRIVATE, peer);
}

function contains(list: BlockList, address: string): boolean {
  const plain = withoutMapping(address);
  const family = isIP(plain);
  return family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
}

/** Some proxies forward `192.0.2.1:49152`, or `[2001:db8::1]:49152`: each connection would have an address of its own. */
function withoutPort(address: string): string {
  return /^\[(.*)\](?::\d+)?$/.exec(address)?.[1] ?? address.replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1');
}

/** `::ffff:192.0.2.1` is 192.0.2.1 on a socket that listens to both. */
function withoutMapping(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
