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

/** 64 random bits as 16 hexadecimal digits. */
export function newEpoch(): string {
  return draw(8).toString('hex');
}
