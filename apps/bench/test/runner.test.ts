import { expect, test } from '@jest/globals';
import { MessageScanner } from '../src/load/scanner.js';
import { FrameReader } from '../src/load/frames.js';
import { messageOf } from '../src/message.js';
import { judge, spreadOf } from '../src/report/medians.js';
import type { ScenarioResult } from '../src/scenarios/scenario.js';
import { Stage } from '../src/scenarios/stage.js';
import { SSE_ENTRANTS } from '../src/contenders.js';
import type { RunResult } from '../src/load/drive.js';

const result = (figures: Record<string, number[]>): ScenarioResult => ({
  scenario: 'x',
  date: '2026-01-01',
  quick: true,
  rounds: 1,
  seconds: 1,
  machine: {},
  failures: [],
  measurements: Object.entries(figures).flatMap(([entrant, values]) =>
    values.map((cpu, round) => ({ case: 'a', entrant, round, figures: { cpu } })),
  ),
});

test('messages have the size that is said', () => {
  expect(JSON.stringify(messageOf(123_456, 200))).toHaveLength(200);
});

test('the load finds messages wherever the stream is cut', () => {
  const stream = Buffer.from(
    [8, 9, 10].map((seq) => `event: x\ndata: ${JSON.stringify(messageOf(seq))}\n\n`).join(''),
  );
  for (let size = 1; size < stream.length; size += 7) {
    const found: number[] = [];
    const scanner = new MessageScanner((seq) => found.push(seq));
    for (let i = 0; i < stream.length; i += size) scanner.scan(stream.subarray(i, i + size));
    expect(found).toEqual([8, 9, 10]);
  }
});

test('the load sees pings between frames of every length, and nowhere else', () => {
  let pings = 0;
  const ping = Buffer.from([0x81, 1, 0x32]);
  const long = Buffer.concat([Buffer.from([0x81, 126, 1, 44]), Buffer.alloc(300, ping)]);
  const stream = Buffer.concat([ping, long, ping]);
  for (const size of [1, 5, stream.length]) {
    const reader = new FrameReader(() => (pings += 1));
    for (let i = 0; i < stream.length; i += size) reader.read(stream.subarray(i, i + size));
  }
  expect(pings).toBe(6);
});

test('figures are medians, and targets are ratios of them', () => {
  const measured = result({ ours: [1, 9, 2], peer: [4, 5, 6] });
  expect(spreadOf(measured, { case: 'a', entrant: 'ours', figure: 'cpu' })).toEqual({
    median: 2,
    least: 1,
    most: 9,
  });
  const target = { case: 'a', entrant: 'ours', figure: 'cpu', against: 'peer' };
  expect(judge(measured, { ...target, atMost: 0.5 })).toEqual({ value: 0.4, isMet: true });
  expect(judge(measured, { ...target, atMost: 0.3 })).toEqual({ value: 0.4, isMet: false });
});

test('a turn: two servers, every client gets every message, and each process says what it has used', async () => {
  await using stage = await Stage.set({ entrant: SSE_ENTRANTS[1]!, servers: 2, fromSource: true });
  await stage.open(10);
  const { result: run, cost } = await stage.measure(() =>
    stage.load.ask<RunResult>('keepUnderWay', { window: 4, durationMs: 200 }),
  );
  expect(run.messages).toBeGreaterThan(3);
  expect(run.deliveries).toBe(run.messages * 10);
  expect(cost.servers.writes).toBeGreaterThan(0);
  expect(cost.redisCommands).toBeGreaterThan(0);
});
