import { startRedis } from '@nestwire/harness';
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

export interface WriteTurn {
  readonly writer: WriterName;
  readonly atOnce: number;
  readonly size?: DocumentSize;
}

/** One writer with a Redis of its own. */
export async function writeTurn(
  { writer, atOnce, size = { fields: 0 } }: WriteTurn,
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
  const before = [usageOf(redis.pid), usageOf(process.pid)] as const;
  const { count, seconds } = await write(quick ? 600 : 2_000);
  const after = [usageOf(redis.pid), usageOf(process.pid)] as const;
  return {
    perSecond: count / seconds,
    redisCpu: ((after[0].cpu - before[0].cpu) / count) * 1e5,
    writerCpu: ((after[1].cpu - before[1].cpu) / count) * 1e5,
  };
}
