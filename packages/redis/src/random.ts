import { randomFillSync } from 'node:crypto';

/** Drawn at once, for a draw costs as much as everything else that a publish does in this process. */
const pool = Buffer.alloc(4_096);
let used = pool.length;

function draw(bytes: number): Buffer {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  return pool.subarray(used, (used += bytes));
}

/** 32 random bits, for an entry or a log that is born. */
export function newTag(): number {
  return draw(4).readUInt32BE();
}

/**
 * The tag of the entry that is appended together with, and after, the one that has this tag: a step of a linear congruential generator
 * (the constants are those of "Numerical Recipes"), so that a batch has one random tag, whose successors need not be sent.
 * The scripts take the same step.
 */
export function nextTag(tag: number): number {
  return (Math.imul(tag, 1_664_525) + 1_013_904_223) >>> 0;
}

/** 64 random bits as 16 hexadecimal digits. */
export function newEpoch(): string {
  return draw(8).toString('hex');
}
