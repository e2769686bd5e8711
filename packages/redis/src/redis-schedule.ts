import type { DueId, Schedule } from '@nestwire/realtime';
import type { RedisWriter } from './redis-writer.js';
import { Script } from './script.js';

const SET = new Script('schedule-set');
const CLAIM = new Script('schedule-claim');
const SETTLE = new Script('schedule-settle');

/** {@link Schedule} on Redis: one sorted set. Each of its scripts may run twice without harm. */
export class RedisSchedule implements Schedule {
  constructor(
    private readonly writer: RedisWriter,
    private readonly key: string,
  ) {}

  async set(id: string, inMs: number): Promise<void> {
    await this.writer.run(SET, [this.key], () => [id, Math.round(inMs)]);
  }

  async claim(limit: number, claimMs: number): Promise<DueId[]> {
    const reply = await this.writer.run<string[]>(CLAIM, [this.key], () => [limit, Math.round(claimMs)]);
    const [until, ...ids] = reply;
    return ids.map((id) => ({ id, until: Number(until) }));
  }

  async settle({ id, until }: DueId, inMs: number | null): Promise<void> {
    await this.writer.run(SETTLE, [this.key], () => [id, until, inMs === null ? '' : Math.round(inMs)]);
  }
}
