import { invalid } from '../../realtime.checks.js';

/** Exact origins (`https://app.example.com`), patterns, which should be anchored, or a function that says yes. */
export type OriginsOption = readonly (string | RegExp)[] | ((origin: string) => boolean);

const ALLOWED =
  'a list of origins such as "https://app.example.com" and of patterns, or a function; never "*", for cookies travel along';

/** @throws Error where the list lets everybody in, or holds what no browser would send. */
export function resolveOrigins(origins: OriginsOption | undefined): OriginsOption | undefined {
  if (origins === undefined || typeof origins === 'function') return origins;
  if (!Array.isArray(origins)) throw invalid('origins', origins, ALLOWED);
  for (const origin of origins as readonly unknown[]) {
    const isFit = typeof origin === 'string' ? isOrigin(origin) : origin instanceof RegExp && !isOpen(origin);
    if (!isFit) throw invalid('origins', origin instanceof RegExp ? String(origin) : origin, ALLOWED);
  }
  return Object.freeze([...(origins as readonly (string | RegExp)[])]);
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

/** A pattern that fits any origin, or the one of sandboxed pages. */
function isOpen(pattern: RegExp): boolean {
  return ['https://a.invalid', 'null'].some((stranger) => new RegExp(pattern, '').test(stranger));
}
