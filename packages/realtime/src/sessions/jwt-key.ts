import { createPublicKey, KeyObject } from 'node:crypto';
import { createRemoteJWKSet, type JWK, type JWTVerifyGetKey } from 'jose';

const HMAC = ['HS256', 'HS384', 'HS512'];
const RSA_PSS = ['PS256', 'PS384', 'PS512'];
const RSA = ['RS256', 'RS384', 'RS512', ...RSA_PSS];
const EDDSA = ['EdDSA', 'Ed25519'];
const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};
const ASYMMETRIC = [...RSA, ...Object.values(CURVES), ...EDDSA];
const LEAST_RSA_BITS = 2048;
const NAMES = ['secret', 'publicKey', 'jwksUrl'] as const;

/** Where the keys of tokens come from; exactly one of the three. */
export interface JwtKeyOptions {
  /**
   * For HS256, HS384 and HS512. As RFC 7518 demands, at least as long as the hash: 32 bytes, or 48 or 64 where `algorithms`
   * leaves only longer ones. A shorter one is let pass where `NODE_ENV` is `development` or `test`.
   */
  secret?: string | Uint8Array;
  /** For RSA, ECDSA and EdDSA: PEM text (a key or a certificate), a JWK, or Node's `KeyObject`. */
  publicKey?: string | JWK | KeyObject;
  /** Where the issuer publishes its keys. They are kept for 10 minutes, and fetched anew for a key that is not among them. */
  jwksUrl?: string | URL;
}

/** What verifies a token, and by which algorithms. */
export interface JwtKey {
  readonly getKey: JWTVerifyGetKey;
  readonly algorithms: readonly string[];
}

/**
 * Reads the one key option and settles which algorithms it allows: those given, else all that fit the key. A secret and a
 * public key never share one, or else whoever has the public key could sign with it as if it were the secret.
 * @throws Error that names the option.
 */
export function readKey(options: JwtKeyOptions, wanted: readonly string[] | undefined): JwtKey {
  const named = NAMES.filter((option) => option in options);
  const given = named.filter((option) => options[option] !== undefined && options[option] !== null);
  if (given.length > 1 || named.length === 0) throw fault(`give one of ${NAMES.join(', ')}`);
  const name = (given[0] ?? named[0])!;
  const value = options[name];
  if (value === undefined || value === null || value === '') {
    throw fault(`\`${name}\` is ${value === '' ? 'empty' : value}; is its environment variable set?`);
  }
  if (name === 'secret') return fromSecret(value, wanted);
  return name === 'jwksUrl' ? fromUrl(value, wanted) : fromPublicKey(value, wanted);
}

function fromSecret(secret: unknown, wanted: readonly string[] | undefined): JwtKey {
  if (typeof secret !== 'string' && !(secret instanceof Uint8Array))
    throw fault('`secret` is a text or bytes');
  const key = typeof secret === 'string' ? new TextEncoder().encode(secret) : Uint8Array.from(secret);
  if (new TextDecoder().decode(key).trimStart().startsWith('-----BEGIN')) {
    throw fault('`secret` holds a PEM key, which others may know; use `publicKey`');
  }
  const algorithms = allowed('secret', HMAC, wanted);
  const needed = Math.min(...algorithms.map((name) => Number(name.slice(2)) / 8));
  if (key.length < needed && !['development', 'test'].includes(process.env['NODE_ENV'] ?? '')) {
    throw fault(`\`secret\` has ${key.length} bytes, and needs ${needed} for ${algorithms.join(', ')}`);
  }
  return { getKey: async () => key, algorithms };
}

function fromUrl(url: unknown, wanted: readonly string[] | undefined): JwtKey {
  const text = String(url);
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw fault(`\`jwksUrl\` is "${text}", which is no http(s) URL`);
  }
  return { getKey: createRemoteJWKSet(new URL(text)), algorithms: allowed('jwksUrl', ASYMMETRIC, wanted) };
}

function fromPublicKey(source: unknown, wanted: readonly string[] | undefined): JwtKey {
  const key = parsePublicKey(source);
  const named = source instanceof KeyObject || typeof source !== 'object' ? undefined : (source as JWK).alg;
  const fitting = algorithmsOf(key).filter((name) => named === undefined || name === named);
  return { getKey: async () => key, algorithms: allowed('publicKey', fitting, wanted) };
}

function parsePublicKey(source: unknown): KeyObject {
  if (source instanceof KeyObject && source.type === 'public') return source;
  try {
    if (source instanceof KeyObject) return createPublicKey(source);
    if (typeof source === 'string') return createPublicKey(source);
    return createPublicKey({ key: source as JWK & { [name: string]: unknown }, format: 'jwk' });
  } catch (cause) {
    throw fault('`publicKey` is no public key: PEM text, a JWK or a KeyObject is needed', cause);
  }
}

function algorithmsOf({
  asymmetricKeyType: type,
  asymmetricKeyDetails: details,
}: KeyObject): readonly string[] {
  if (details?.modulusLength !== undefined && details.modulusLength < LEAST_RSA_BITS) {
    throw fault(`\`publicKey\` has ${details.modulusLength} bits, and needs ${LEAST_RSA_BITS}`);
  }
  if (type === 'rsa') return RSA;
  if (type === 'rsa-pss') return RSA_PSS;
  if (type === 'ed25519') return EDDSA;
  const curve = CURVES[details?.namedCurve ?? ''];
  if (curve === undefined) throw fault(`\`publicKey\` is of a kind that signs no tokens: ${type}`);
  return [curve];
}

function allowed(
  option: string,
  fitting: readonly string[],
  wanted: readonly string[] | undefined,
): readonly string[] {
  const misfit = wanted?.find((name) => !fitting.includes(name));
  if (misfit !== undefined)
    throw fault(`\`algorithms\` names "${misfit}"; \`${option}\` allows ${fitting.join(', ')}`);
  if (fitting.length === 0) throw fault(`\`${option}\` is for no algorithm that signs tokens`);
  return wanted ?? fitting;
}

function fault(message: string, cause?: unknown): Error {
  return new Error(`jwtAuthenticator: ${message}`, { cause });
}
