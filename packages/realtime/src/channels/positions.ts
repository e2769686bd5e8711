import type { Position } from '@nestwire/protocol';

/** The position alone, of an entry or of anything else that has one. */
export function positionOf({ epoch, offset, tag }: Position): Position {
  return { epoch, offset, tag };
}

export function isSamePosition(a: Position, b: Position): boolean {
  return a.offset === b.offset && a.tag === b.tag && a.epoch === b.epoch;
}

/** Before the first entry of a log that is in this epoch. */
export function beginningOf({ epoch }: Position): Position {
  return { epoch, offset: 0, tag: 0 };
}
