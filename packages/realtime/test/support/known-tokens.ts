import { type Authenticator, type Principal, RealtimeError } from '../../src/index.js';

/** Knows these tokens and refuses any other; without a token a visitor is anonymous. */
export function knownTokens(principals: Record<string, Partial<Principal>>): Authenticator {
  return {
    authenticate: ({ token }) => {
      if (token === undefined) return null;
      const principal = principals[token];
      if (principal === undefined) throw new RealtimeError('unauthenticated', 'token not valid');
      return { roles: [], claims: {}, ...principal };
    },
  };
}

export function bearer(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` };
}
