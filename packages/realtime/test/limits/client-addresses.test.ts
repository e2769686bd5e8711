import { HttpAdapterHost } from '@nestjs/core';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { addressKey, ClientAddresses } from '../../src/limits/client-addresses.js';
import { resolveOptions } from '../../src/realtime.defaults.js';
import type { LimitOptions } from '../../src/index.js';

function of(peer: string, headers: IncomingHttpHeaders, limits: LimitOptions = {}): string | undefined {
  const addresses = new ClientAddresses(new HttpAdapterHost(), resolveOptions({ limits }));
  return addresses.of({ headers, socket: { remoteAddress: peer } } as IncomingMessage);
}

describe('the address of a client', () => {
  const forged = { 'x-forwarded-for': '198.51.100.7' };

  it('is its own, whatever it says, unless a proxy is trusted', () => {
    expect(of('192.0.2.1', forged)).toBe('192.0.2.1');
    expect(of('::ffff:192.0.2.1', {})).toBe('192.0.2.1');
    expect(of('10.0.0.1', forged, { trustProxy: false })).toBeUndefined();
  });

  it('is not known behind a near proxy that nobody trusts', () => {
    for (const peer of ['127.0.0.1', '::1', '10.1.2.3', 'fd00::1']) expect(of(peer, forged)).toBeUndefined();
    expect(of('10.1.2.3', {})).toBe('10.1.2.3');
  });

  it.each<[string, LimitOptions]>([
    ['by hops', { trustProxy: 1 }],
    ['by name', { trustProxy: 'loopback, uniquelocal' }],
    ['by subnet', { trustProxy: ['10.0.0.0/8'] }],
  ])('is what a proxy says that is trusted %s, and not what the client put in front', (_, limits) => {
    expect(of('10.0.0.1', { 'x-forwarded-for': '203.0.113.9, 198.51.100.7' }, limits)).toBe('198.51.100.7');
  });

  it.each([
    ['198.51.100.7:49152', '198.51.100.7'],
    ['[2001:db8::1]:49152', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['::ffff:198.51.100.7', '198.51.100.7'],
    ['unknown', 'unknown'],
  ])('is without the port that a proxy may add: %s', (forwarded, address) => {
    expect(of('10.0.0.1', { 'x-forwarded-for': forwarded }, { trustProxy: 1 })).toBe(address);
  });

  it('is what the application says, where it knows', () => {
    const clientIp = ({ headers }: IncomingMessage) => headers['cf-connecting-ip'] as string | undefined;
    expect(of('10.0.0.1', { 'cf-connecting-ip': '198.51.100.7' }, { clientIp })).toBe('198.51.100.7');
    expect(of('10.0.0.1', {}, { clientIp })).toBeUndefined();
  });

  it('counts with its whole /64 in IPv6', () => {
    expect(addressKey('2001:db8::1')).toBe('2001:db8:0:0::/64');
    expect(addressKey('2001:0DB8:0:0:ffff::9')).toBe('2001:db8:0:0::/64');
    expect(addressKey('2001:db8:0:1::1')).not.toBe(addressKey('2001:db8::1'));
    expect(addressKey('192.0.2.1')).toBe('192.0.2.1');
  });

  it('is refused at start-up where what is trusted is no address', () => {
    expect(() => of('10.0.0.1', {}, { trustProxy: 'the proxy' })).toThrow(
      '"limits.trustProxy" is "the proxy"',
    );
  });
});
