import { waitFor } from '@nestwire/harness';
import { RealtimeChannel } from '../../src/index.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

@RealtimeChannel('short:{name}', { history: { size: 3, ttlMs: 60_000 } })
class ShortHistory {
  canSubscribe(): boolean {
    return true;
  }
}

@RealtimeChannel('brief:{name}', { history: { size: 100, ttlMs: 50 } })
class BriefHistory {
  canSubscribe(): boolean {
    return true;
  }
}

describe('coming back', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({ policies: [ShortHistory, BriefHistory] });
  });

  afterAll(() => app.close());

  /** The cursor of a client that was there for so many events and has gone. */
  async function cursorAfter(channel: string, count: number): Promise<string> {
    using client = await SseClient.connect(app.url, channel);
    await publish(channel, count);
    await client.received(channel, count);
    return client.cursor!;
  }

  async function publish(channel: string, count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) await app.realtime.publish(channel, 'e', i);
  }

  /** Resolves when the log has none of its entries any more. */
  function expired(channel: string): Promise<unknown> {
    const history = { size: 100, ttlMs: 50 };
    const lastIsGone = async (): Promise<boolean> => {
      const end = await app.backend.log.end(channel, history);
      const beforeLast = { ...end, offset: end.offset - 1 };
      return (await app.backend.log.read(channel, beforeLast, history, { count: 1 })).gap === 'expired';
    };
    return waitFor(lastIsGone, { what: 'the log to expire' });
  }

  it('replays what was missed, marked and with its own times, and goes on live', async () => {
    const cursor = await cursorAfter('open:a', 2);
    using witness = await SseClient.connect(app.url, 'open:a');
    await publish('open:a', 3);
    await witness.received('open:a', 3);

    using client = await SseClient.connect(app.url, 'open:a', { lastEventId: cursor });
    expect(client.blocks[1]!.id).toBe(cursor);
    await client.received('open:a', 3);
    await publish('open:a', 1);
    await client.received('open:a', 4);

    expect(client.ready.channels).toEqual({ 'open:a': { recovered: true, replay: 3 } });
    expect(client.control('replay-start')).toEqual([{ channel: 'open:a', count: 3 }]);
    const story = client.story.filter((line) => line !== 'cursor');
    const replay = ['open:a 3 r', 'open:a 4 r', 'open:a 5 r'];
    expect(story).toEqual(['ready', 'replay-start open:a', ...replay, 'replay-end open:a', 'open:a 6']);
    const originals = witness
      .events()
      .slice(0, 3)
      .map((event) => ({ ...event, r: 1 }));
    expect(client.events().slice(0, 3)).toEqual(originals);
  });

  it('takes the cursor from the query too', async () => {
    const cursor = await cursorAfter('open:query', 1);
    await publish('open:query', 2);

    using client = await SseClient.connect(app.url, 'open:query', { query: { lastEventId: cursor } });
    await client.received('open:query', 2);

    expect(client.offsets('open:query')).toEqual([2, 3]);
  });

  it('lets the header win over the query', async () => {
    const early = await cursorAfter('open:both', 1);
    const late = await cursorAfter('open:both', 2);
    await publish('open:both', 1);

    const options = { lastEventId: late, query: { lastEventId: early } };
    using client = await SseClient.connect(app.url, 'open:both', options);
    await client.received('open:both', 1);

    expect(client.offsets('open:both')).toEqual([4]);
  });

  it('starts live, and says nothing of recovery, where no position is handed in', async () => {
    await publish('open:new', 5);

    using client = await SseClient.connect(app.url, 'open:new');
    await publish('open:new', 1);
    await client.received('open:new', 1);

    expect(client.ready.channels).toEqual({ 'open:new': { replay: 0 } });
    expect(client.offsets('open:new')).toEqual([6]);
  });

  it('recovers with nothing to replay where nothing was missed', async () => {
    const cursor = await cursorAfter('open:level', 2);

    using client = await SseClient.connect(app.url, 'open:level', { lastEventId: cursor });
    await publish('open:level', 1);
    await client.received('open:level', 1);

    expect(client.ready.channels).toEqual({ 'open:level': { recovered: true, replay: 0 } });
    expect(client.story).toEqual(['ready', 'cursor', 'open:level 3', 'cursor']);
  });

  it('counts an upper bound: what the visitor may not see is not replayed', async () => {
    const cursor = await cursorAfter('open:bound', 1);
    await app.realtime.publish('open:bound', 'e', 'secret', { forRoles: ['boss'] });
    await publish('open:bound', 1);
    await app.realtime.publish('open:bound', 'e', 'secret', { forRoles: ['boss'] });

    using client = await SseClient.connect(app.url, 'open:bound', { lastEventId: cursor });
    await client.until(() => client.control('replay-end').length === 1, 'the end of the replay');

    expect(client.control('replay-start')).toEqual([{ channel: 'open:bound', count: 3 }]);
    expect(client.offsets('open:bound')).toEqual([3]);
  });

  it('says so plainly where the history is too short, and starts at the end', async () => {
    const cursor = await cursorAfter('short:a', 1);
    await publish('short:a', 4);

    using client = await SseClient.connect(app.url, 'short:a', { lastEventId: cursor });
    expect(client.ready.channels).toEqual({ 'short:a': { recovered: false, replay: 0 } });
    await publish('short:a', 1);
    await client.received('short:a', 1);
    expect(client.offsets('short:a')).toEqual([6]);

    using again = await SseClient.connect(app.url, 'short:a', { lastEventId: client.cursor! });
    expect(again.ready.channels).toEqual({ 'short:a': { recovered: true, replay: 0 } });
  });

  it('recovers as far back as the history reaches, to the event', async () => {
    const cursor = await cursorAfter('short:b', 2);
    await publish('short:b', 3);

    using client = await SseClient.connect(app.url, 'short:b', { lastEventId: cursor });
    await client.received('short:b', 3);

    expect(client.offsets('short:b')).toEqual([3, 4, 5]);
  });

  it('does not recover what is too old', async () => {
    const cursor = await cursorAfter('brief:a', 1);
    await publish('brief:a', 1);
    await expired('brief:a');

    using client = await SseClient.connect(app.url, 'brief:a', { lastEventId: cursor });
    expect(client.ready.channels).toEqual({ 'brief:a': { recovered: false, replay: 0 } });
  });

  it('recovers from the end of a log of which every entry has expired', async () => {
    const cursor = await cursorAfter('brief:b', 2);
    await expired('brief:b');

    using client = await SseClient.connect(app.url, 'brief:b', { lastEventId: cursor });
    expect(client.ready.channels).toEqual({ 'brief:b': { recovered: true, replay: 0 } });
  });

  it('can come back with the cursor of any write', async () => {
    using client = await SseClient.connect(app.url, 'open:any');
    for (let i = 0; i < 10; i += 1) {
      await publish('open:any', 1);
      await client.received('open:any', i + 1);
    }

    let count = 0;
    for (const write of client.writes) {
      count += write.filter(({ event }) => event === 'e').length;
      using resumed = await SseClient.connect(app.url, 'open:any', { lastEventId: write.at(-1)!.id! });
      await resumed.until(() => resumed.offsets('open:any').length === 10 - count, 'the rest');
      expect(resumed.ready.channels).toEqual({ 'open:any': { recovered: true, replay: 10 - count } });
    }
  });
});
