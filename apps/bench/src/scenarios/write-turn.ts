import { parseInfo, redisCommand, type RedisServer, startRedis } from '@nestwire/harness';
import { usageOf } from '../processes/usage.js';
import { Worker } from '../processes/worker.js';
import type { WriteRequest, WriterName, Written } from '../writers/main.js';
import type { DocumentSize } from '../writers/writer.js';
import type { Column, RunOptions } from './scenario.js';

const WRITER = new URL('../writers/main.ts', import.meta.url);

export const WRITE_COLUMNS: readonly Column[] = [
  { figure: 'perSecond', title: 'per second', digits: 0 },
  { figure: 'redisCpu', title: 'Redis CPU-s per 10⁵' },
  { figure: 'writerCpu', title: 'writer CPU-s per 10⁵' },
];

/** For scenarios that compare sizes. */
export const BYTES_COLUMN: Column = { figure: 'bytesToRedis', title: 'bytes to Redis per write', digits: 0 };

export interface WriteTurn {
  readonly writer: WriterName;
  readonly atOnce: number;
  readonly size?: DocumentSize;
}

/** A turn is cut into slices of so many milliseconds, which the turns of a round take in turn; the first ones warm up. */
const FULL = { sliceMs: 250, warmUp: 8, measured: 8 };
const QUICK = { sliceMs: 150, warmUp: 2, measured: 4 };

/**
 * What each of them comes to, in their order. All wait for each other after every slice: how quickly two processes wake each other changes
 * from one second to the next, by more than what tells the writers apart, and so all of them have the same of it.
 */
export async function writeTurns(
  turns: readonly WriteTurn[],
  { quick, fromSource }: RunOptions,
): Promise<Record<string, number>[]> {
  const { sliceMs, warmUp, measured } = quick ? QUICK : FULL;
  const started = await Promise.allSettled(turns.map((turn) => Writing.start(turn, fromSource)));
  const writings = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  try {
    for (const each of started) if (each.status === 'rejected') throw each.reason;
    for (let slice = 0; slice < warmUp + measured; slice += 1)
      for (const writing of writings) await writing.write(sliceMs, slice >= warmUp);
    return writings.map((writing) => writing.figures);
  } finally {
    for (const writing of writings) await writing[Symbol.asyncDispose]();
  }
}

/** What has been used, or done, up to now, or from one time to another. */
interface Reading {
  readonly count: number;
  readonly seconds: number;
  readonly redisCpu: number;
  readonly writerCpu: number;
  readonly bytesToRedis: number;
}

/** One writer with a Redis of its own. */
class Writing implements AsyncDisposable {
  private sum: Reading = { count: 0, seconds: 0, redisCpu: 0, writerCpu: 0, bytesToRedis: 0 };

  private constructor(
    private readonly redis: RedisServer,
    private readonly worker: Worker,
    private readonly atOnce: number,
  ) {}

  static async start(
    { writer, atOnce, size = { bytes: 0 } }: WriteTurn,
    fromSource: boolean,
  ): Promise<Writing> {
    const redis = await startRedis();
    try {
      const args = [writer, redis.url, JSON.stringify(size)];
      const { worker } = await Worker.start(WRITER, { args, fromSource });
      return new Writing(redis, worker, atOnce);
    } catch (error) {
      await redis[Symbol.asyncDispose]();
      throw error;
    }
  }

  get figures(): Record<string, number> {
    const { count, seconds, redisCpu, writerCpu, bytesToRedis } = this.sum;
    return {
      perSecond: count / seconds,
      redisCpu: (redisCpu / count) * 1e5,
      writerCpu: (writerCpu / count) * 1e5,
      bytesToRedis: bytesToRedis / count,
    };
  }

  async write(durationMs: number, isMeasured: boolean): Promise<void> {
    const before = await this.used();
    const request: WriteRequest = { atOnce: this.atOnce, durationMs };
    const { count, seconds } = await this.worker.ask<Written>('write', request);
    const after = await this.used();
    if (!isMeasured) return;
    this.sum = {
      count: this.sum.count + count,
      seconds: this.sum.seconds + seconds,
      redisCpu: this.sum.redisCpu + after.redisCpu - before.redisCpu,
      writerCpu: this.sum.writerCpu + after.writerCpu - before.writerCpu,
      bytesToRedis: this.sum.bytesToRedis + after.bytesToRedis - before.bytesToRedis,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker[Symbol.asyncDispose]();
    await this.redis[Symbol.asyncDispose]();
  }

  private async used(): Promise<Omit<Reading, 'count' | 'seconds'>> {
    return {
      bytesToRedis: await bytesRead(this.redis),
      redisCpu: usageOf(this.redis.pid).cpu,
      writerCpu: usageOf(this.worker.pid).cpu,
    };
  }
}

async function bytesRead({ port }: RedisServer): Promise<number> {
  return Number(parseInfo(await redisCommand(port, ['INFO', 'stats']))['total_net_input_bytes']);
}
