import { decodeVersion } from '@nestwire/protocol';

/** True where `version` is of the same life of the document as `other`, and not before it. */
export function isAtLeast(version: string | undefined, other: string | undefined): boolean {
  const [a, b] = [decodeVersion(version ?? ''), decodeVersion(other ?? '')];
  return a !== undefined && b !== undefined && a.epoch === b.epoch && a.offset >= b.offset;
}

export function isSameLife(version: string, other: string): boolean {
  return decodeVersion(version)?.epoch === decodeVersion(other)?.epoch;
}
