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

/** One writer with a Redis of its own. */
export async function writeTurn(
  { writer, atOnce, size = { bytes: 0 } }: WriteTurn,
  { quick, fromSource }: RunOptions,
): Promise<Record<string, number>> {
  await using redis = await startRedis();
  const { worker } = await Worker.start(WRITER, {
    args: [writer, redis.url, JSON.stringify(size)],
    fromSource,
  });
  await using process = worker;
  const write = (durationMs: number): Promise<Written> =>
    process.ask('write', { atOnce, durationMs } satisfies WriteRequest);
  await write(quick ? 300 : 1_000);
  const before = [usageOf(redis.pid), usageOf(process.pid), await bytesRead(redis)] as const;
  const { count, seconds } = await write(quick ? 600 : 2_000);
  const after = [usageOf(redis.pid), usageOf(process.pid), await bytesRead(redis)] as const;
  return {
    perSecond: count / seconds,
    redisCpu: ((after[0].cpu - before[0].cpu) / count) * 1e5,
    writerCpu: ((after[1].cpu - before[1].cpu) / count) * 1e5,
    bytesToRedis: (after[2] - before[2]) / count,
  };
}

async function bytesRead({ port }: RedisServer): Promise<number> {
  return Number(parseInfo(await redisCommand(port, ['INFO', 'stats']))['total_net_input_bytes']);
}
