import { jest } from '@jest/globals';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Connection } from '../../src/channels/connection.js';
import type { SseOutlet } from '../../src/transports/sse/sse-outlet.js';
import { SseStream } from '../../src/transports/sse/sse-stream.js';
import { StreamClock } from '../../src/transports/sse/stream-clock.js';

const OPTIONS = { keepAliveMs: 15_000, maxStreamMs: 600_000, retryMs: [1_000, 5_000] as const };

interface Watched {
  readonly stream: SseStream;
  readonly response: EventEmitter;
  readonly signs: number[];
  readonly ends: string[];
  endedAt: number;
}

function watched(): Watched {
  const response = Object.assign(new EventEmitter(), { destroyed: false });
  const stream = new SseStream(response as unknown as ServerResponse);
  const all: Watched = { stream, response, signs: [], ends: [], endedAt: 0 };
  stream.outlet = {
    keepAlive: () => void all.signs.push(performance.now()),
    onClose: () => {},
  } as unknown as SseOutlet;
  stream.connection = {
    close: (code: string) => {
      all.ends.push(code);
      all.endedAt = performance.now();
    },
    onEnd: () => {},
  } as unknown as Connection;
  return all;
}

describe('the clock of all streams', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('ends each once, before its time is over, at times that are spread out', () => {
    const clock = new StreamClock(OPTIONS);
    const start = performance.now();
    const all = Array.from({ length: 50 }, () => watched());
    for (const { stream } of all) clock.add(stream);
    jest.advanceTimersByTime(OPTIONS.maxStreamMs * 2);

    const lives = all.map(({ endedAt }) => endedAt - start);
    expect(all.map(({ ends }) => ends)).toEqual(all.map(() => ['stream_expired']));
    expect(Math.min(...lives)).toBeGreaterThanOrEqual(OPTIONS.maxStreamMs * 0.9 - 1_000);
    expect(Math.max(...lives)).toBeLessThanOrEqual(OPTIONS.maxStreamMs);
    expect(new Set(lives).size).toBeGreaterThan(10);
  });

  it('has each say that it lives, at its own times', () => {
    const clock = new StreamClock(OPTIONS);
    const [first, second] = [watched(), watched()];
    const start = performance.now();
    clock.add(first.stream);
    jest.advanceTimersByTime(5_000);
    clock.add(second.stream);
    jest.advanceTimersByTime(44_000);

    expect(first.signs.map((at) => Math.round((at - start) / 1_000))).toEqual([15, 30, 45]);
    expect(second.signs.map((at) => Math.round((at - start) / 1_000))).toEqual([20, 35]);
  });

  it('forgets who has gone, and stands still while there is nobody', () => {
    const clock = new StreamClock(OPTIONS);
    const { stream, response, signs, ends } = watched();
    clock.add(stream);
    response.emit('close');
    jest.advanceTimersByTime(2_000);

    expect(jest.getTimerCount()).toBe(0);
    jest.advanceTimersByTime(OPTIONS.maxStreamMs);
    expect([signs, ends]).toEqual([[], []]);
    clock.add(watched().stream);
    expect(jest.getTimerCount()).toBe(1);
  });
});
