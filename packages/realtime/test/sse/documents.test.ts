import { RealtimeDocument } from '../../src/index.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

@RealtimeDocument('short:{id}', { history: { size: 2, ttlMs: 60_000 } })
class ShortHistory {
  canRead(): boolean {
    return true;
  }
}

@RealtimeDocument('secret:{id}')
class SecretDocument {
  canWrite(): boolean {
    return true;
  }
}

describe('a document over SSE', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({ policies: [ShortHistory, SecretDocument] });
  });

  afterAll(() => app.close());

  it('starts with its snapshot, then brings patches', async () => {
    await app.state.patch('doc:a', { qty: 1, note: 'x' });
    using client = await SseClient.connect(app.url, '$state:doc:a');
    await client.received('$state:doc:a', 1);
    await app.state.patch('doc:a', { qty: 2 }, { remove: ['note'] });
    await client.received('$state:doc:a', 2);

    expect(client.ready.channels).toEqual({ '$state:doc:a': { replay: 0 } });
    const { version } = (await app.state.get('doc:a'))!;
    const [snapshot, patch] = client.events();
    expect(snapshot).toMatchObject({ event: 'state.snapshot', o: 1, d: { qty: 1, note: 'x' } });
    expect(snapshot).not.toHaveProperty('r');
    expect(patch).toMatchObject({
      event: 'state.patch',
      o: 2,
      v: version,
      d: { set: { qty: 2 }, del: ['note'] },
    });
  });

  it('has an empty snapshot where it does not exist yet', async () => {
    using client = await SseClient.connect(app.url, '$state:doc:none');
    await client.received('$state:doc:none', 1);
    await app.state.patch('doc:none', { born: true });
    await client.received('$state:doc:none', 2);

    expect(client.events()).toMatchObject([
      { event: 'state.snapshot', o: 0, d: {} },
      { event: 'state.patch', o: 1, d: { set: { born: true } } },
    ]);
  });

  it('comes back with patches and without a snapshot', async () => {
    await app.state.patch('doc:b', { n: 1 });
    const first = await SseClient.connect(app.url, '$state:doc:b');
    await first.received('$state:doc:b', 1);
    first.destroy();
    await app.state.patch('doc:b', { n: 2 });
    await app.state.patch('doc:b', { n: 3 });

    using client = await SseClient.connect(app.url, '$state:doc:b', { lastEventId: first.cursor! });
    await client.received('$state:doc:b', 2);

    expect(client.ready.channels).toEqual({ '$state:doc:b': { recovered: true, replay: 2 } });
    expect(client.events()).toMatchObject([
      { event: 'state.patch', o: 2, r: 1 },
      { event: 'state.patch', o: 3, r: 1, d: { set: { n: 3 } } },
    ]);
  });

  it('comes back with a fresh snapshot where its patches are gone', async () => {
    await app.state.patch('short:a', { n: 0 });
    const first = await SseClient.connect(app.url, '$state:short:a');
    await first.received('$state:short:a', 1);
    first.destroy();
    for (let n = 1; n <= 5; n += 1) await app.state.patch('short:a', { n });

    using client = await SseClient.connect(app.url, '$state:short:a', { lastEventId: first.cursor! });
    await client.received('$state:short:a', 1);
    await app.state.patch('short:a', { n: 6 });
    await client.received('$state:short:a', 2);

    expect(client.ready.channels).toEqual({ '$state:short:a': { recovered: false, replay: 0 } });
    expect(client.events()).toMatchObject([
      { event: 'state.snapshot', o: 6, d: { n: 5 } },
      { event: 'state.patch', o: 7, d: { set: { n: 6 } } },
    ]);
    expect(client.control('gap')).toEqual([]);
  });

  it('is the same to all who follow it, whenever they came', async () => {
    const clients: SseClient[] = [];
    for (let n = 1; n <= 20; n += 1) {
      clients.push(await SseClient.connect(app.url, '$state:doc:fold'));
      const remove = n % 2 === 0 ? [`field${(n + 1) % 3}`] : [];
      await app.state.patch('doc:fold', { [`field${n % 3}`]: n, [`other${n}`]: n }, { remove });
    }
    const { fields, version } = (await app.state.get('doc:fold'))!;

    for (const client of clients) {
      await client.until(() => client.events().at(-1)?.v === version, 'the last version');
      expect(foldOf(client)).toEqual(fields);
      client.destroy();
    }
  });

  it('is closed where its policy does not open it for reading', async () => {
    using client = await SseClient.open(app.url, '$state:secret:a');

    expect(client.status).toBe(403);
    expect(await client.body()).toMatchObject({ error: { code: 'forbidden' } });
  });
});

function foldOf(client: SseClient): Record<string, unknown> {
  let fields: Record<string, unknown> = {};
  for (const { event, d } of client.events()) {
    if (event === 'state.snapshot') fields = d as typeof fields;
    const { set = {}, del = [] } = (event === 'state.patch' ? d : {}) as { set?: object; del?: string[] };
    fields = { ...fields, ...set };
    for (const name of del) delete fields[name];
  }
  return fields;
}
