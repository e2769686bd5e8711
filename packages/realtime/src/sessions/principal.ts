/** Who the server says that somebody is. */
export interface Principal {
  /** Undefined for an anonymous visitor. */
  readonly userId?: string;
  /** Held roles; empty for an anonymous visitor. */
  readonly roles: readonly string[];
  /** What the authenticator knows besides: a token's claims, a tenant. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** When the proof of identity runs out, milliseconds since 1970; undefined: never. */
  readonly expiresAt?: number;
}

/** The principal of whom nothing is known. */
export const ANONYMOUS: Principal = Object.freeze({ roles: Object.freeze([]), claims: Object.freeze({}) });
