import type { TokenSource } from '../options.js';

/** A token that can be got again. */
export function isRenewable(source: TokenSource | undefined): source is Exclude<TokenSource, string> {
  return typeof source === 'function';
}

export async function readToken(source: TokenSource | undefined): Promise<string | undefined> {
  return isRenewable(source) ? source() : source;
}
