import type { IncomingMessage } from 'node:http';
import { integer, invalid, positive } from '../realtime.checks.js';

/** What one client may do, whoever it is. Rates are averages over 10 s, all of which may be used at once. */
export interface ClientLimitOptions {
  /** Most open connections of one session, over all nodes. Default 100. */
  maxConnectionsPerSession?: number;
  /** Most open connections of one user, over all nodes. Default 500. */
  maxConnectionsPerUser?: number;
  /** Most open connections from one address (IPv6: from one /64), over all nodes. Default 1,000; none for loopback. */
  maxConnectionsPerIp?: number;
  /** Handshakes, streams and tickets asked for per second from one address. Default 100; none for loopback. */
  attemptsPerSecondPerIp?: number;
  /** Whether loopback addresses are held to the limits by address. Default: where one of these is given, `true`. */
  limitLoopback?: boolean;
  /** Commands per second of one connection. Default 100. */
  commandsPerSecond?: number;
  /** Commands per second of one user, else of one session, over all nodes. Default 300. */
  commandsPerSecondPerUser?: number;
  /** `realtime.publish` and patches of documents per second of one connection. Default 50. */
  publishesPerSecond?: number;
  /** The same of one user, else of one session, over all nodes. Default 150. */
  publishesPerSecondPerUser?: number;
  /** Channels subscribed to and unsubscribed from per second of one connection. Default 20. */
  subscriptionsPerSecond?: number;
  /** The same of one user, else of one session, over all nodes. Default 100. */
  subscriptionsPerSecondPerUser?: number;
  /** Messages per second of one connection that are answered with an error which is the client's own fault. Default 10. */
  errorsPerSecond?: number;
  /** Refused messages within 10 s after which a client is closed and kept away. Default 100. */
  maxOverruns?: number;
  /** Connections in a row that a client lets time out after which it is kept away. Default 5. */
  maxFailedConnections?: number;
  /** For how long a client is kept away, in milliseconds. Default 30,000. */
  penaltyMs?: number;
  /** How long a policy or an authenticator may take, in milliseconds; then the answer is `unavailable`. Default 5,000. */
  decisionTimeoutMs?: number;
  /**
   * How long the head of a request may take to arrive, in milliseconds, on all of the HTTP server: its `headersTimeout`, where the
   * application has left that as it is, is set to it, and looked after twice as often. Default 10,000.
   */
  headTimeoutMs?: number;
  /** How long the body of a request to the module's routes may take to arrive, in milliseconds; then it is cut. Default 10,000. */
  bodyTimeoutMs?: number;
  /**
   * Which proxies are believed in what they say of the client's address: a number of hops, or addresses, subnets and the names
   * `loopback`, `linklocal` and `uniquelocal`. Default: what Express's `trust proxy`, on HTTP routes Fastify's `trustProxy`, says.
   */
  trustProxy?: boolean | number | string | readonly string[];
  /** The client's address, where something else than `X-Forwarded-For` knows it; undefined: it is not known. Goes before `trustProxy`. */
  clientIp?: (request: IncomingMessage) => string | undefined;
}

/** Rates are counted in windows of so many milliseconds. */
export const RATE_WINDOW_MS = 10_000;

const NUMBERS = {
  maxConnectionsPerSession: 100,
  maxConnectionsPerUser: 500,
  maxConnectionsPerIp: 1_000,
  attemptsPerSecondPerIp: 100,
  commandsPerSecond: 100,
  commandsPerSecondPerUser: 300,
  publishesPerSecond: 50,
  publishesPerSecondPerUser: 150,
  subscriptionsPerSecond: 20,
  subscriptionsPerSecondPerUser: 100,
  errorsPerSecond: 10,
  maxOverruns: 100,
  maxFailedConnections: 5,
  penaltyMs: 30_000,
  decisionTimeoutMs: 5_000,
  headTimeoutMs: 10_000,
  bodyTimeoutMs: 10_000,
};

export const CLIENT_LIMIT_NAMES = [...Object.keys(NUMBERS), 'limitLoopback', 'trustProxy', 'clientIp'];

type Defaulted = Required<Omit<ClientLimitOptions, 'limitLoopback' | 'trustProxy' | 'clientIp'>>;

export interface ResolvedClientLimits extends Readonly<Defaulted> {
  readonly limitLoopback: boolean;
  readonly trustProxy: ClientLimitOptions['trustProxy'];
  readonly clientIp: ClientLimitOptions['clientIp'];
}

/** @throws Error that names the option, its value, and what is allowed. */
export function resolveClientLimits(given: ClientLimitOptions): ResolvedClientLimits {
  const { trustProxy, clientIp, limitLoopback, ...numbers } = given;
  const byAddress = [numbers.maxConnectionsPerIp, numbers.attemptsPerSecondPerIp];
  if (typeof trustProxy === 'number') integer('limits.trustProxy', trustProxy, 0);
  if (clientIp !== undefined && typeof clientIp !== 'function')
    throw invalid('limits.clientIp', clientIp, 'a function of the request');
  return {
    ...positive('limits', { ...NUMBERS, ...numbers }),
    limitLoopback: limitLoopback ?? byAddress.some((limit) => limit !== undefined),
    trustProxy,
    clientIp,
  };
}
