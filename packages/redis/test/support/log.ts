import { afterAll, beforeAll } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { type RedisServer, startRedis } from '@nestwire/harness';
import { redisBackend, type RedisSettings } from '@nestwire/redis';
import type { AppendEvent, Backend, EventLog, History, LogEntry } from '@nestwire/realtime';
import { randomUUID } from 'node:crypto';

/** Keeps everything that a test appends. */
export const KEEP: History = { size: 10_000, ttlMs: 10 * 60_000 };

export function anEvent(fields: Partial<AppendEvent> = {}): AppendEvent {
  return { event: 'test.happened', data: '{}', operationId: randomUUID(), ...fields };
}

/** The data, as numbers, of all that the channel's log holds. */
export async function dataOf(log: EventLog, channel: string): Promise<number[]> {
  return (await entriesOf(log, channel)).map(({ data }) => Number(data));
}

async function entriesOf(log: EventLog, channel: string): Promise<readonly LogEntry[]> {
  return (await log.readKept(channel, 0, KEEP, { count: 10_000 })).entries;
}

/** The whole numbers from 0, so many of them. */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** A backend that is stopped with its block: `await using backend = await started(redisBackend(…))`. */
export async function started(backend: Backend): Promise<Backend & AsyncDisposable> {
  await backend.start();
  return { ...backend, [Symbol.asyncDispose]: () => backend.stop() };
}

/** A Redis for all tests of a file, and a backend on it. */
export function backendForAll(settings: RedisSettings = {}): {
  readonly redis: RedisServer;
  readonly backend: Backend;
} {
  let redis: RedisServer;
  let backend: Backend & AsyncDisposable;
  beforeAll(async () => {
    redis = await startRedis();
    backend = await started(redisBackend({ ...settings, url: redis.url }));
  });
  afterAll(async () => {
    await backend?.[Symbol.asyncDispose]();
    await redis?.[Symbol.asyncDispose]();
  });
  return {
    get redis() {
      return redis;
    },
    get backend() {
      return backend;
    },
  };
}

/** Lets the event loop turn once. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** No lines of the log for what a test does on purpose. */
export function silence(): void {
  beforeAll(() => Logger.overrideLogger(false));
  afterAll(() => Logger.overrideLogger(['log', 'warn', 'error']));
}
