import assert from 'node:assert/strict';
import type { AppendEvent, EventLog, LogEntry } from '@nestwire/realtime';
import type { ConformanceCase } from '../conformance.js';
import { anEvent, appendEach, KEEP, originOf, readAll } from './support.js';

/** JSON texts that a careless backend changes on the way. */
const TEXTS = {
  'an empty array': '[]',
  'an empty object': '{}',
  'nested empty arrays': '{"a":[],"b":[[]],"c":{"d":[]}}',
  'the empty string': '""',
  null: 'null',
  'a big integer': '12345678901234567890',
  'an integer beyond 2^53': '{"id":9007199254740993}',
  'a long fraction': '0.1234567890123456789',
  'trailing zeros': '1.10',
  'white space': ' { "a" :\t1 ,\n "b": [ ] } ',
  'duplicate keys': '{"a":1,"a":2}',
  'escaped and plain': '"\\u0000 \\u00e9 é \\/ /"',
  unicode: '"Grüße 漢字 🚀 \u2028 \u202e e\u0301"',
  'line breaks as SSE sees them': '"a\\nb\\r\\nc"',
  '256 KB': JSON.stringify('é'.repeat(128 * 1024)),
};

/** What an entry is made of. */
export const contentCases: readonly ConformanceCase[] = [
  ...(Object.entries(TEXTS).map(([name, data]) => ({
    name: `data come back byte for byte: ${name}`,
    async run({ backend: { log }, uniqueName }) {
      assert.equal((await stored(log, uniqueName(), anEvent({ data }))).data, data);
    },
  })) satisfies ConformanceCase[]),
  {
    name: 'the event, its roles and its correlation id are kept',
    async run({ backend: { log }, uniqueName }) {
      const event = anEvent({
        event: 'order.updated:v2',
        roles: ['staff', 'rôle "2"'],
        correlationId: 'trace/ü 1',
      });
      const entry = await stored(log, uniqueName(), event);
      assert.equal(entry.event, 'order.updated:v2');
      assert.deepEqual(entry.roles, ['staff', 'rôle "2"']);
      assert.equal(entry.correlationId, 'trace/ü 1');
    },
  },
  {
    name: 'what an event did not say is undefined in its entry',
    async run({ backend: { log }, uniqueName }) {
      const entry = await stored(log, uniqueName(), anEvent());
      assert.equal(entry.roles, undefined);
      assert.equal(entry.correlationId, undefined);
      assert.equal(entry.expiresAt, undefined);
    },
  },
  {
    name: 'an event for no role at all does not become one for everybody',
    async run({ backend: { log }, uniqueName }) {
      assert.deepEqual((await stored(log, uniqueName(), anEvent({ roles: [] }))).roles, []);
    },
  },
  {
    name: 'an entry carries the time of its appending, and says when it is no longer delivered',
    async run({ backend: { log }, uniqueName, now }) {
      const entry = await stored(log, uniqueName(), anEvent({ ttlMs: 1_500 }));
      assert.ok(Math.abs(entry.time - now()) < 60_000, `time ${entry.time} is not now, ${now()}`);
      assert.equal(entry.expiresAt, entry.time + 1_500);
    },
  },
  {
    name: 'an entry past its own time stays, so that the chain holds',
    async run({ backend: { log }, uniqueName, elapse }) {
      const channel = uniqueName();
      const [first] = await appendEach(log, channel, [anEvent(), anEvent({ ttlMs: 1 }), anEvent()]);
      await elapse(20);
      assert.equal((await readAll(log, channel, originOf(first!))).length, 3);
    },
  },
  {
    name: 'an entry is immutable: what its publisher does to its own objects afterwards does not reach it',
    async run({ backend: { log }, uniqueName }) {
      const channel = uniqueName();
      const roles = ['staff'];
      const [first] = await appendEach(log, channel, [anEvent({ roles })]);
      roles.push('everybody');
      assert.deepEqual((await readAll(log, channel, originOf(first!)))[0]!.roles, ['staff']);
    },
  },
];

async function stored(log: EventLog, channel: string, event: AppendEvent): Promise<LogEntry> {
  const [{ position } = assert.fail('no outcome')] = await log.append(channel, [event], KEEP);
  return (await readAll(log, channel, originOf(position)))[0]!;
}
