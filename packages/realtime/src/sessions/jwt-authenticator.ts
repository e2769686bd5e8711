import { RealtimeError } from '@nestwire/protocol';
import { errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import type { AuthenticationRequest, Authenticator } from './authenticator.js';
import { readKey, type JwtKey, type JwtKeyOptions } from './jwt-key.js';
import type { Principal } from './principal.js';
import { tokenExpired, tokenInvalid } from './refusals.js';

const DEFAULTS = { clockToleranceMs: 5_000, rolesClaim: 'roles', userIdClaim: 'sub', requireExpiry: true };

export interface JwtAuthenticatorOptions extends JwtKeyOptions {
  /** Algorithms that are accepted. Default: all that fit the key; `none` never. */
  algorithms?: readonly string[];
  /** The token's `iss` must be this, or one of these. Default: any. */
  issuer?: string | string[];
  /** The token's `aud` must hold this, or one of these. Default: any; to be set where an issuer serves several applications. */
  audience?: string | string[];
  /** By how much the issuer's clock may differ, in milliseconds. Default 5,000; 0 turns it off. */
  clockToleranceMs?: number;
  /**
   * The claim with the roles: an array, or one text with spaces between. Dots lead inwards (`realm_access.roles`), unless
   * there is a claim of that very name. Default `roles`; a token without it has none.
   */
  rolesClaim?: string;
  /** The claim with the user id, a text or a number; a token without it is refused. Default `sub`. */
  userIdClaim?: string;
  /** Whether a token that never ends (without `exp`) is refused. Default true: with none, only a revoked session stops it. */
  requireExpiry?: boolean;
}

/**
 * Takes the bearer token for a JWT, and its claims for the principal. Without a token it leaves the word to the session.
 * Clients learn of a bad token only whether it has expired (`details.reason` `expired` or `invalid`); where the issuer's
 * keys cannot be fetched they get `unavailable`.
 * @throws Error at once where an option is missing or cannot be used; the message names it.
 */
export function jwtAuthenticator(options: JwtAuthenticatorOptions): Authenticator {
  const settings = { ...DEFAULTS, ...withoutUndefined(options) };
  assertMeant(options);
  const key = readKey(options, options.algorithms);
  if (!Number.isFinite(settings.clockToleranceMs) || settings.clockToleranceMs < 0) {
    throw new Error(
      `jwtAuthenticator: \`clockToleranceMs\` is ${settings.clockToleranceMs}; it must be 0 or more`,
    );
  }
  const checks: JWTVerifyOptions = {
    algorithms: [...key.algorithms],
    clockTolerance: settings.clockToleranceMs / 1000,
    requiredClaims: settings.requireExpiry ? ['exp'] : [],
    ...(settings.issuer !== undefined && { issuer: settings.issuer }),
    ...(settings.audience !== undefined && { audience: settings.audience }),
  };
  return {
    authenticate: async ({ token }: AuthenticationRequest) =>
      token === undefined ? null : toPrincipal(await verify(token, key, checks), settings),
  };
}

/** An undefined or empty check would check nothing: rather no start than every issuer's tokens. */
function assertMeant(options: JwtAuthenticatorOptions): void {
  for (const name of ['issuer', 'audience', 'algorithms'] as const) {
    if (name in options && !options[name]?.length) {
      throw new Error(
        `jwtAuthenticator: \`${name}\` is ${options[name] === undefined ? 'undefined' : 'empty'}; leave it out, or set it`,
      );
    }
  }
}

async function verify(token: string, key: JwtKey, checks: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, key.getKey, checks)).payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw tokenExpired(error);
    if (isTokensFault(error)) throw tokenInvalid(error);
    throw new RealtimeError('unavailable', 'the token cannot be checked now', { cause: error });
  }
}

/** False where the keys could not be had: those errors of jose's have no class of their own, or one named after the key set. */
function isTokensFault(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError) || error instanceof errors.JWKSTimeout) return false;
  return error.code !== errors.JOSEError.code && error.code !== errors.JWKSInvalid.code;
}

function toPrincipal(claims: JWTPayload, settings: typeof DEFAULTS): Principal {
  const id = claims[settings.userIdClaim];
  if ((typeof id !== 'string' && typeof id !== 'number') || id === '') throw tokenInvalid();
  return {
    userId: String(id),
    roles: rolesOf(claimAt(claims, settings.rolesClaim)),
    claims,
    ...(claims.exp !== undefined && { expiresAt: claims.exp * 1000 + settings.clockToleranceMs }),
  };
}

function rolesOf(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(/\s+/).filter((role) => role !== '');
  return Array.isArray(claim) ? claim.filter((role) => typeof role === 'string' && role !== '') : [];
}

function claimAt(claims: JWTPayload, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  return path.split('.').reduce<unknown>((value, name) => own(value, name), claims);
}

function own(value: unknown, name: string): unknown {
  const has = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
  return has ? (value as Record<string, unknown>)[name] : undefined;
}

function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
