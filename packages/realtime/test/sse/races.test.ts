import { type Backend, memoryBackend, RealtimeChannel, type RealtimeModuleOptions } from '../../src/index.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

/** Something that a test lets happen in the middle of a request. */
let meanwhile: () => unknown;

@RealtimeChannel('busy:{name}')
class BusyChannel {
  async canSubscribe(): Promise<boolean> {
    await meanwhile();
    return true;
  }
}

function start(options: RealtimeModuleOptions = {}): Promise<RunningApp> {
  return startApp({ options, policies: [BusyChannel] });
}

const HISTORY = { size: 1_000, ttlMs: 30_000 };

async function rotate({ log }: Backend, channel: string): Promise<void> {
  const { epoch } = await log.end(channel, HISTORY);
  await log.rotate(channel, epoch, HISTORY);
}

describe('what comes in between', () => {
  beforeEach(() => {
    meanwhile = () => undefined;
  });

  it('ends a replay that was promised though its events were on their way to everybody', async () => {
    await using app = await start();
    using first = await SseClient.connect(app.url, 'busy:a');
    await app.realtime.publish('busy:a', 'e', 1);
    await first.received('busy:a', 1);

    meanwhile = () => app.realtime.publish('busy:a', 'e', 2);
    using second = await SseClient.connect(app.url, 'busy:a', { lastEventId: first.cursor! });
    await app.realtime.publish('busy:a', 'e', 3);
    await second.received('busy:a', 2);

    const events = second.story.filter((line) => line !== 'cursor');
    expect(events).toEqual(['ready', 'replay-start busy:a', 'busy:a 2 r', 'replay-end busy:a', 'busy:a 3']);
  });

  it('gives a document a fresh snapshot when its log begins anew under a live stream', async () => {
    await using app = await start();
    await app.state.patch('doc:1', { old: 1 });
    using client = await SseClient.connect(app.url, '$state:doc:1');
    await client.received('$state:doc:1', 1);

    await rotate(app.backend, '$state:doc:1');
    await app.state.patch('doc:1', { fresh: 1 });
    await client.received('$state:doc:1', 2);

    expect(client.control('gap')).toEqual([{ channel: '$state:doc:1', reason: 'epoch' }]);
    expect(client.events().at(-1)).toMatchObject({ event: 'state.snapshot', o: 2, d: { fresh: 1 } });
    await app.state.patch('doc:1', { fresh: 2 });
    await client.received('$state:doc:1', 3);
    expect(client.events().at(-1)).toMatchObject({ event: 'state.patch', o: 3 });
  });

  it('sends the snapshot again to whoever went away before it came', async () => {
    const backend = memoryBackend();
    await using app = await start({ backend });
    await app.state.patch('doc:2', { n: 1 });
    const { documents } = backend;
    const read = documents.read.bind(documents);
    documents.read = () => new Promise(() => undefined);
    const cut = await SseClient.connect(app.url, '$state:doc:2');
    cut.destroy();
    documents.read = read;

    using client = await SseClient.connect(app.url, '$state:doc:2', { lastEventId: cut.cursor! });
    await client.received('$state:doc:2', 1);

    expect(client.ready.channels).toEqual({ '$state:doc:2': { recovered: false, replay: 0 } });
    expect(client.events()).toMatchObject([{ event: 'state.snapshot', o: 1, d: { n: 1 } }]);
  });

  it('does not take the word of a gap for the snapshot that follows it', async () => {
    const backend = memoryBackend();
    await using app = await start({ backend });
    await app.state.patch('doc:3', { n: 1 });
    using client = await SseClient.connect(app.url, '$state:doc:3');
    await client.received('$state:doc:3', 1);

    await rotate(backend, '$state:doc:3');
    await app.state.patch('doc:3', { n: 2 });
    await client.received('$state:doc:3', 2);
    const gap = client.writes.findLast((write) => write.some(({ event }) => event === 'realtime.gap'))!;

    using resumed = await SseClient.connect(app.url, '$state:doc:3', { lastEventId: gap.at(-1)!.id! });
    expect(resumed.ready.channels).toEqual({ '$state:doc:3': { recovered: false, replay: 0 } });
  });

  it('looks after the log where a cursor knows of a life of it that the node has not seen', async () => {
    await using app = await start();
    using before = await SseClient.connect(app.url, 'open:log');
    await rotate(app.backend, 'open:log');
    await using elsewhere = await start({ backend: app.backend });
    const there = await SseClient.connect(elsewhere.url, 'open:log');
    there.destroy();

    using client = await SseClient.connect(app.url, 'open:log', { lastEventId: there.cursor! });
    expect(client.ready.channels).toEqual({ 'open:log': { recovered: true, replay: 0 } });
    await before.until(() => before.control('gap').length > 0, 'the gap');
    await app.realtime.publish('open:log', 'e', 1);
    await client.received('open:log', 1);
    expect(client.control('gap')).toEqual([]);
  });
});
