import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { jwtAuthenticator, type JwtAuthenticatorOptions } from '../../src/sessions/jwt-authenticator.js';
import { request } from './support/world.js';

const SECRET = randomBytes(32).toString('base64url');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');

function authenticate(options: JwtAuthenticatorOptions, token?: string) {
  const transport = 'http' as const;
  return jwtAuthenticator(options).authenticate({ request: request(), transport, ...(token && { token }) });
}

/** A token of user 42; `exp` is in five minutes unless the claims say otherwise. */
function sign(
  claims: JWTPayload = {},
  key: KeyObject | Uint8Array = new TextEncoder().encode(SECRET),
  header: { alg: string; kid?: string } = { alg: 'HS256' },
): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + 300;
  return new SignJWT({ sub: '42', exp, ...claims }).setProtectedHeader(header).sign(key);
}

const secondsAgo = (seconds: number) => Math.floor(Date.now() / 1000) - seconds;
const invalid = { code: 'unauthenticated', message: 'token not valid', details: { reason: 'invalid' } };

describe('a JWT', () => {
  it('names the user, the roles and the end', async () => {
    const exp = secondsAgo(-60);
    const token = await sign({ exp, roles: ['staff', 7, 'eu'], tenant: 'x' });
    expect(await authenticate({ secret: SECRET }, token)).toEqual({
      userId: '42',
      roles: ['staff', 'eu'],
      claims: { sub: '42', exp, roles: ['staff', 7, 'eu'], tenant: 'x' },
      expiresAt: exp * 1000 + 5_000,
    });
  });

  it('is not needed: without one the session has the word', async () => {
    expect(await authenticate({ secret: SECRET })).toBeNull();
  });

  it.each<[string, string, JWTPayload]>([
    ['an array', 'roles', { roles: ['a', 'b'] }],
    ['a text with spaces', 'scope', { scope: 'a  b' }],
    ['a path', 'realm_access.roles', { realm_access: { roles: ['a', 'b'] } }],
    ['a name with dots', 'https://x.example/roles', { 'https://x.example/roles': ['a', 'b'] }],
  ])('has its roles in %s', async (_way, rolesClaim, claims) => {
    const principal = await authenticate({ secret: SECRET, rolesClaim }, await sign(claims));
    expect(principal?.roles).toEqual(['a', 'b']);
  });

  it.each([['constructor.name'], ['__proto__'], ['length'], ['a.b.c']])(
    'has no roles at %s',
    async (rolesClaim) => {
      const principal = await authenticate({ secret: SECRET, rolesClaim }, await sign({ a: null }));
      expect(principal?.roles).toEqual([]);
    },
  );

  it('has its user id where the option says, as a number too, and is refused without one', async () => {
    const options = { secret: SECRET, userIdClaim: 'uid' };
    expect((await authenticate(options, await sign({ uid: 7 })))?.userId).toBe('7');
    await expect(authenticate(options, await sign())).rejects.toMatchObject(invalid);
    await expect(authenticate(options, await sign({ uid: '' }))).rejects.toMatchObject(invalid);
    await expect(authenticate(options, await sign({ uid: { $gt: '' } }))).rejects.toMatchObject(invalid);
  });

  it('that has expired is refused, and says so', async () => {
    const token = await sign({ exp: secondsAgo(6) });
    await expect(authenticate({ secret: SECRET }, token)).rejects.toMatchObject({
      code: 'unauthenticated',
      message: 'token expired',
      details: { reason: 'expired' },
    });
  });

  it('may have expired by as much as clocks may differ', async () => {
    const token = await sign({ exp: secondsAgo(2) });
    expect(await authenticate({ secret: SECRET }, token)).toMatchObject({ userId: '42' });
    await expect(authenticate({ secret: SECRET, clockToleranceMs: 0 }, token)).rejects.toThrow(
      'token expired',
    );
  });

  it('that never ends is refused unless the option says otherwise', async () => {
    const token = await sign({ exp: undefined });
    await expect(authenticate({ secret: SECRET }, token)).rejects.toMatchObject(invalid);
    const principal = await authenticate({ secret: SECRET, requireExpiry: false }, token);
    expect(principal).toMatchObject({ userId: '42' });
    expect(principal).not.toHaveProperty('expiresAt');
  });

  it('that is not valid yet is refused', async () => {
    const token = await sign({ nbf: secondsAgo(-60) });
    await expect(authenticate({ secret: SECRET }, token)).rejects.toMatchObject(invalid);
  });

  it('of another issuer or for another audience is refused, without saying why', async () => {
    const options = { secret: SECRET, issuer: 'https://id.example', audience: 'shop' };
    const ours = { iss: 'https://id.example', aud: ['shop', 'blog'] };
    expect(await authenticate(options, await sign(ours))).toMatchObject({ userId: '42' });
    for (const claims of [{}, { ...ours, iss: 'https://id.example/' }, { ...ours, aud: 'blog' }]) {
      await expect(authenticate(options, await sign(claims))).rejects.toMatchObject(invalid);
    }
  });

  it.each(['', 'x', 'a.b.c', '..', 'é.é.é'])('that is none is refused: %j', async (text) => {
    const authenticator = jwtAuthenticator({ secret: SECRET });
    const asked = authenticator.authenticate({ request: request(), transport: 'http', token: text });
    await expect(asked).rejects.toMatchObject(invalid);
  });

  it('signed with another secret, changed, or with alg none is refused', async () => {
    const [header, , signature] = (await sign()).split('.');
    const payload = Buffer.from(JSON.stringify({ sub: '1', exp: secondsAgo(-300) })).toString('base64url');
    const bad = [
      await sign({}, randomBytes(32)),
      `${header}.${payload}.${signature}`,
      new UnsecuredJWT({ sub: '42' }).setExpirationTime('5m').encode(),
      `${Buffer.from('{"alg":"None"}').toString('base64url')}.${payload}.`,
    ];
    for (const token of bad)
      await expect(authenticate({ secret: SECRET }, token)).rejects.toMatchObject(invalid);
  });
});

describe('a JWT under a public key', () => {
  it.each([
    ['RS256', rsa],
    ['PS512', rsa],
    ['ES256', ec],
    ['EdDSA', ed],
  ])('is verified by %s, from PEM, JWK and KeyObject', async (alg, { publicKey, privateKey }) => {
    const token = await sign({}, privateKey, { alg });
    for (const key of [publicKey, await exportSPKI(publicKey), await exportJWK(publicKey)]) {
      expect(await authenticate({ publicKey: key }, token)).toMatchObject({ userId: '42' });
    }
  });

  it('is refused where it is signed by HMAC with the public key as its secret', async () => {
    const pem = await exportSPKI(rsa.publicKey);
    const der = rsa.publicKey.export({ format: 'der', type: 'spki' });
    for (const bytes of [
      new TextEncoder().encode(pem),
      new TextEncoder().encode(pem.trim()),
      new Uint8Array(der),
    ]) {
      const forged = await sign({}, bytes);
      await expect(authenticate({ publicKey: pem }, forged)).rejects.toMatchObject(invalid);
    }
  });

  it('is refused where the secret’s authenticator gets it', async () => {
    const token = await sign({}, rsa.privateKey, { alg: 'RS256' });
    await expect(authenticate({ secret: SECRET }, token)).rejects.toMatchObject(invalid);
  });

  it('is refused by algorithms that were left out', async () => {
    const token = await sign({}, rsa.privateKey, { alg: 'RS256' });
    const options = { publicKey: rsa.publicKey, algorithms: ['PS256'] };
    await expect(authenticate(options, token)).rejects.toMatchObject(invalid);
  });
});

describe('a JWT under a key set', () => {
  let server: Server;
  let jwksUrl: string;
  let keys: object[];
  let fetches: number;

  beforeEach(async () => {
    fetches = 0;
    server = createServer((_request: IncomingMessage, response) => {
      fetches += 1;
      response.end(JSON.stringify({ keys }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
    keys = [{ ...(await exportJWK(rsa.publicKey)), kid: 'one', alg: 'RS256' }];
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const bearer = (token: string) => ({ request: request(), transport: 'http' as const, token });

  it('is verified, and the keys are fetched once', async () => {
    const authenticator = jwtAuthenticator({ jwksUrl });
    const token = await sign({}, rsa.privateKey, { alg: 'RS256', kid: 'one' });
    for (let i = 0; i < 3; i += 1) {
      expect(await authenticator.authenticate(bearer(token))).toMatchObject({ userId: '42' });
    }
    expect(fetches).toBe(1);
  });

  it('is refused under a key that is not in it, or by HMAC', async () => {
    const authenticator = jwtAuthenticator({ jwksUrl });
    const unknown = await sign({}, rsa.privateKey, { alg: 'RS256', kid: 'two' });
    await expect(authenticator.authenticate(bearer(unknown))).rejects.toMatchObject(invalid);
    keys = [{ kty: 'oct', k: Buffer.from(SECRET).toString('base64url'), kid: 'one' }];
    const hmac = await sign({}, undefined, { alg: 'HS256', kid: 'one' });
    await expect(jwtAuthenticator({ jwksUrl }).authenticate(bearer(hmac))).rejects.toMatchObject(invalid);
  });

  it('cannot be checked where the set cannot be had, which is the server’s trouble', async () => {
    const token = await sign({}, rsa.privateKey, { alg: 'RS256', kid: 'one' });
    keys = undefined as never;
    const away = { code: 'unavailable', temporary: true };
    await expect(jwtAuthenticator({ jwksUrl }).authenticate(bearer(token))).rejects.toMatchObject(away);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(jwtAuthenticator({ jwksUrl }).authenticate(bearer(token))).rejects.toMatchObject(away);
    await new Promise<void>((resolve) => server.listen(0, resolve));
  });
});

describe('the options of jwtAuthenticator', () => {
  const { publicKey } = rsa;

  it.each<[string, JwtAuthenticatorOptions, RegExp]>([
    ['no key', {}, /give one of secret, publicKey, jwksUrl/],
    ['two keys', { secret: SECRET, publicKey }, /give one of/],
    ['a secret whose variable is not set', { secret: undefined }, /`secret` is undefined/],
    ['an empty secret', { secret: '' }, /`secret` is empty/],
    ['a public key whose variable is not set', { publicKey: undefined }, /`publicKey` is undefined/],
    ['a PEM key as the secret', { secret: '\n-----BEGIN PUBLIC KEY-----' }, /`secret` holds a PEM key/],
    ['a text that is no key', { publicKey: 'secret' }, /`publicKey` is no public key/],
    ['a symmetric JWK', { publicKey: { kty: 'oct', k: 'AAAA' } }, /`publicKey` is no public key/],
    [
      'a small RSA key',
      { publicKey: generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey },
      /needs 2048/,
    ],
    [
      'a key that signs nothing',
      { publicKey: generateKeyPairSync('x25519').publicKey },
      /signs no tokens: x25519/,
    ],
    ['a URL that is none', { jwksUrl: 'id.example/jwks' }, /`jwksUrl` is "id.example\/jwks"/],
    ['alg none', { secret: SECRET, algorithms: ['none'] }, /names "none"/],
    [
      'HMAC for a public key',
      { publicKey, algorithms: ['RS256', 'HS256'] },
      /names "HS256"; `publicKey` allows RS256/,
    ],
    ['RSA for a secret', { secret: SECRET, algorithms: ['HS256', 'RS256'] }, /names "RS256"/],
    ['ECDSA for an RSA key', { publicKey, algorithms: ['ES256'] }, /names "ES256"/],
    ['no algorithm', { secret: SECRET, algorithms: [] }, /`algorithms` is empty/],
    ['an issuer whose variable is not set', { secret: SECRET, issuer: undefined }, /`issuer` is undefined/],
    ['an empty audience', { secret: SECRET, audience: '' }, /`audience` is empty/],
    ['a negative tolerance', { secret: SECRET, clockToleranceMs: -1 }, /`clockToleranceMs` is -1/],
  ])('are refused at once with %s', (_what, options, message) => {
    expect(() => jwtAuthenticator(options)).toThrow(message);
  });

  describe('in production', () => {
    const before = process.env['NODE_ENV'];
    beforeEach(() => {
      process.env['NODE_ENV'] = 'production';
    });
    afterEach(() => {
      process.env['NODE_ENV'] = before;
    });

    it('refuse a secret that is shorter than the hash', () => {
      const bytes = (length: number) => randomBytes(length);
      expect(() => jwtAuthenticator({ secret: 'changeme' })).toThrow('`secret` has 8 bytes, and needs 32');
      expect(() => jwtAuthenticator({ secret: bytes(63), algorithms: ['HS512'] })).toThrow('needs 64');
      expect(() => jwtAuthenticator({ secret: bytes(32) })).not.toThrow();
      expect(() => jwtAuthenticator({ secret: bytes(64), algorithms: ['HS512'] })).not.toThrow();
    });
  });
});
