import { LRUCache } from 'lru-cache';
import {
  type ClaimOutcome,
  COMMAND_RECORD_TTL_MS,
  type CommandClaim,
  type CommandStore,
} from '../command-store.js';
import { type Clock, SYSTEM_CLOCK } from '../../clock.js';

interface CommandRecord {
  readonly digest: string;
  readonly node: string;
  readonly reply?: string;
}

export interface MemoryCommandStoreOptions {
  /** Most bytes of all records together, estimated at two per character. Default 67,108,864 (64 MB). */
  maxBytes?: number;
}

/** What a record takes besides its text, in bytes; an estimate. */
const RECORD_OVERHEAD_BYTES = 256;

/**
 * The record of commands in memory. Bound by bytes: past them the record that was used longest ago is
 * forgotten before its time, and its command would run again. A reply larger than the whole bound is not kept.
 */
export class MemoryCommandStore implements CommandStore {
  private readonly records: LRUCache<string, CommandRecord>;

  constructor(
    { maxBytes = 64 * 1024 * 1024 }: MemoryCommandStoreOptions = {},
    clock: Pick<Clock, 'monotonic'> = SYSTEM_CLOCK,
  ) {
    this.records = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: sizeOf,
      ttl: COMMAND_RECORD_TTL_MS,
      ttlResolution: 0,
      perf: { now: () => clock.monotonic() },
    });
  }

  async claim({ scope, id, digest, node }: CommandClaim): Promise<ClaimOutcome> {
    const key = keyOf(scope, id);
    const record = this.records.get(key);
    if (record === undefined) {
      this.records.set(key, { digest, node });
      return { status: 'claimed' };
    }
    if (record.digest !== digest) return { status: 'conflict' };
    if (record.reply === undefined) return { status: 'running', node: record.node };
    return { status: 'settled', reply: record.reply };
  }

  async settle(scope: string, id: string, reply: string): Promise<void> {
    const key = keyOf(scope, id);
    const record = this.records.get(key);
    if (record !== undefined) this.records.set(key, { ...record, reply }, { noUpdateTTL: true });
  }
}

/** The id cannot hold a NUL, so that no two pairs meet. */
function keyOf(scope: string, id: string): string {
  return `${scope}\0${id}`;
}

function sizeOf({ digest, node, reply = '' }: CommandRecord, key: string): number {
  return RECORD_OVERHEAD_BYTES + 2 * (key.length + digest.length + node.length + reply.length);
}
