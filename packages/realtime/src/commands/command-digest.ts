import { createHash } from 'node:crypto';
import type { Command } from '@nestwire/protocol';
import { isPlainObject } from '../limits/json-guard.js';

/** SHA-256 over a command's name and data; the order of an object's keys does not count, and no data is null. */
export function commandDigest({ command, data }: Command): string {
  return createHash('sha256')
    .update(JSON.stringify([command, data], sortedKeys))
    .digest('base64url');
}

/** Entries, not an object again: keys that look like numbers would be put first, wherever they came. */
function sortedKeys(_key: string, value: unknown): unknown {
  if (!isPlainObject(value)) return value;
  return { entries: Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)) };
}
