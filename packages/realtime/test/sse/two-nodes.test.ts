import { memoryBackend } from '../../src/index.js';
import { bearer, knownTokens } from '../support/known-tokens.js';
import { Load } from '../support/load.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

describe('two nodes on one backend', () => {
  let nodes: [RunningApp, RunningApp];

  beforeEach(async () => {
    const backend = memoryBackend();
    const authenticate = knownTokens({ a: { userId: '42' } });
    const options = { backend, authenticate, history: { size: 10_000 } };
    nodes = [await startApp({ options }), await startApp({ options })];
  });

  afterEach(() => Promise.all(nodes.map((node) => node.close())));

  it('let a client move between them by its cursor, and miss nothing, while both publish', async () => {
    let published = 0;
    const load = new Load(async () => {
      await nodes[published % 2]!.realtime.publish('open:a', 'e', (published += 1));
      if (published % 5 === 0) await new Promise(setImmediate);
    });

    const seen: unknown[] = [];
    const outcomes: unknown[] = [];
    let cursor: string | undefined;
    for (let hop = 0; hop < 20; hop += 1) {
      const client = await SseClient.connect(
        nodes[hop % 2]!.url,
        'open:a',
        cursor === undefined ? {} : { lastEventId: cursor },
      );
      await client.until(() => client.events().length >= 20, 'some events');
      client.destroy();
      outcomes.push(client.ready.channels['open:a']);
      cursor = client.cursor!;
      const complete = client.writes.filter((write) => write.at(-1)!.id !== undefined).flat();
      seen.push(
        ...complete
          .filter(({ event }) => event === 'e')
          .map(({ data }) => (JSON.parse(data!) as { d: number }).d),
      );
    }
    await load.stop();

    expect(outcomes.slice(1)).toEqual(
      outcomes.slice(1).map(() => expect.objectContaining({ recovered: true })),
    );
    const first = seen[0] as number;
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => first + i));
  });

  it('let it move away from a node that shuts down', async () => {
    using client = await SseClient.connect(nodes[0].url, 'open:a');
    await nodes[1].realtime.publish('open:a', 'e', 1);
    await client.received('open:a', 1);
    const closing = nodes[0].close();
    await nodes[1].realtime.publish('open:a', 'e', 2);
    await client.end();
    await closing;

    using moved = await SseClient.connect(nodes[1].url, 'open:a', { lastEventId: client.cursor! });
    await nodes[1].realtime.publish('open:a', 'e', 3);
    await moved.until(() => moved.events().at(-1)?.d === 3, 'the last');

    expect([...client.events(), ...moved.events()].map(({ d }) => d)).toEqual([1, 2, 3]);
  });

  it('show the same document, whichever is asked and whichever is written to', async () => {
    const clients = await Promise.all(nodes.map((node) => SseClient.connect(node.url, '$state:doc:a')));
    await Promise.all(
      Array.from({ length: 30 }, (_, i) => nodes[i % 2]!.state.patch('doc:a', { [`field${i % 7}`]: i })),
    );
    const { version } = (await nodes[0].state.get('doc:a'))!;

    for (const client of clients) {
      await client.until(() => client.events().at(-1)?.v === version, 'the last version');
      expect(client.offsets('$state:doc:a')).toEqual(Array.from({ length: 31 }, (_, i) => i));
      client.destroy();
    }
  });

  it('know the same sessions, tickets and followed channels', async () => {
    const response = await fetch(`${nodes[0].url}/realtime/tickets`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer('a') },
      body: JSON.stringify({ channels: ['open:a'] }),
    });
    const { ticket } = (await response.json()) as { ticket: string };
    using client = await SseClient.connect(nodes[1].url, [], { query: { ticket } });
    using other = await SseClient.connect(nodes[0].url, [], { headers: bearer('a') });
    await nodes[0].realtime.toUser('42').publish('e', 1);
    await client.received('$user:42', 1);

    expect(client.ready.sid).toBe(other.ready.sid);
  });
});
