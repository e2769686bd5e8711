import type { IncomingHttpHeaders } from 'node:http';
import { passesUnlisted } from '../../src/transports/http/cross-site.js';

const passes = (headers: IncomingHttpHeaders) =>
  passesUnlisted({ headers: { host: 'app.test:8443', ...headers } });

describe('requests that pages of other sites make', () => {
  it.each<[string, IncomingHttpHeaders]>([
    [
      'the browser says so',
      { cookie: 'a=b', 'sec-fetch-site': 'cross-site', origin: 'https://app.test:8443' },
    ],
    ['it comes from another host', { cookie: 'a=b', origin: 'https://evil.test' }],
    ['it comes from a sandboxed page', { cookie: 'a=b', origin: 'null' }],
    [
      'the browser sends a password by itself',
      { cookie: 'a=b', authorization: 'Basic eDp5', 'sec-fetch-site': 'cross-site' },
    ],
    ['the browser sends a ticket by itself', { cookie: 'a=b', authorization: 'negotiate x', origin: 'null' }],
    ['the host cannot be read', { cookie: 'a=b', origin: 'https://app.test', host: ':' }],
  ])('are refused with a cookie where %s', (_, headers) => {
    expect(passes(headers)).toBe(false);
  });

  it('are refused without a cookie where the browser sends a password by itself', () => {
    expect(passes({ authorization: 'Basic eDp5', 'sec-fetch-site': 'cross-site' })).toBe(false);
    expect(passes({ authorization: 'Basic eDp5', 'sec-fetch-site': 'same-origin' })).toBe(true);
    expect(passes({ authorization: 'Basic eDp5' })).toBe(true);
  });

  it.each<[string, IncomingHttpHeaders]>([
    ['of the same origin', { cookie: 'a=b', 'sec-fetch-site': 'same-origin' }],
    ['of a subdomain', { cookie: 'a=b', 'sec-fetch-site': 'same-site', origin: 'https://www.app.test' }],
    ['typed in by the user', { cookie: 'a=b', 'sec-fetch-site': 'none' }],
    ['of the same host on another port', { cookie: 'a=b', origin: 'http://app.test:3000' }],
    ['of no page', { cookie: 'a=b' }],
    ['with a key of the application’s own', { cookie: 'a=b', authorization: 'Basically x', origin: 'null' }],
    ['without a cookie', { 'sec-fetch-site': 'cross-site' }],
    ['with a token', { cookie: 'a=b', authorization: 'Bearer x', 'sec-fetch-site': 'cross-site' }],
    [
      'with the session in its header',
      { cookie: 'a=b', 'x-session-id': 'x', 'sec-fetch-site': 'cross-site' },
    ],
  ])('do not include one %s', (_, headers) => {
    expect(passes(headers)).toBe(true);
  });
});
