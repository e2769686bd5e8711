import type { Envelope, StatePatch } from '@nestwire/protocol';
import { setImmediate as turn } from 'node:timers/promises';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

describe('documents over Socket.IO', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp();
  });

  afterAll(() => app.close());

  it('start with a snapshot, and go on with patches, each with its version', async () => {
    const { version } = await app.state.patch('doc:a', { name: 'x', gone: 1 });
    using client = await SocketClient.connect(app.url);
    await client.follow('$state:doc:a');
    await client.received('$state:doc:a', 1);

    const next = await app.state.patch('doc:a', { name: 'y' }, { remove: ['gone'], ifVersion: version });
    await client.received('$state:doc:a', 2);

    expect(client.heard.slice(1).map(({ kind }) => kind)).toEqual(['answer', 'events', 'events']);
    expect(client.envelopes()).toMatchObject([
      { c: '$state:doc:a', o: 1, n: 'state.snapshot', d: { name: 'x', gone: 1 }, v: version },
      {
        c: '$state:doc:a',
        o: 2,
        n: 'state.patch',
        d: { set: { name: 'y' }, del: ['gone'] },
        v: next.version,
      },
    ]);
  });

  it('that do not exist start empty', async () => {
    using client = await SocketClient.connect(app.url);
    await client.follow('$state:doc:none');

    const [snapshot] = await client.received('$state:doc:none', 1);
    await app.state.patch('doc:none', { a: 1 });
    await client.received('$state:doc:none', 2);

    expect(snapshot).toMatchObject({ n: 'state.snapshot', d: {} });
  });

  it('that are resumed have their patches replayed, and no snapshot', async () => {
    await app.state.patch('doc:resumed', { a: 1 });
    let position: string | undefined;
    {
      using client = await SocketClient.connect(app.url);
      await client.follow('$state:doc:resumed');
      await client.received('$state:doc:resumed', 1);
      position = client.position('$state:doc:resumed');
    }
    await app.state.patch('doc:resumed', { a: 2 });

    using client = await SocketClient.connect(app.url);
    const start = await client.follow('$state:doc:resumed', position);
    await client.received('$state:doc:resumed', 1);

    expect(start).toMatchObject({ recovered: true, replay: 1 });
    expect(client.envelopes()).toMatchObject([{ n: 'state.patch', d: { set: { a: 2 } }, r: 1 }]);
  });

  it.each([['garbage'], [undefined]])(
    'that are subscribed to again with %j start with a new snapshot',
    async (position) => {
      await app.state.patch('doc:again', { a: 1 });
      using client = await SocketClient.connect(app.url);
      await client.follow('$state:doc:again');
      await client.received('$state:doc:again', 1);

      await client.follow('$state:doc:again', position);
      const [, second] = await client.received('$state:doc:again', 2);

      expect(second).toMatchObject({ n: 'state.snapshot', d: { a: 1 } });
    },
  );

  it('fit together, snapshot and patches, for 30 clients that join while it changes', async () => {
    const states = new Map<string, unknown>();
    const stop = new AbortController();
    const change = async (): Promise<void> => {
      for (let i = 1; !stop.signal.aborted || i < 50; i += 1) {
        const { version } = await app.state.patch('doc:busy', { [`f${i % 5}`]: i, last: i });
        states.set(version, (await app.state.get('doc:busy'))!.fields);
        await turn();
      }
    };
    const load = change();

    for (let i = 0; i < 30; i += 1) {
      using client = await SocketClient.connect(app.url);
      await client.follow('$state:doc:busy');
      await client.received('$state:doc:busy', 4);
      client.io.disconnect();
      let fields: Record<string, unknown> = {};
      for (const envelope of client.envelopes()) {
        fields = applied(fields, envelope);
        expect(fields).toEqual(
          await client.until(() => states.get(envelope.v!), 'the state at that version'),
        );
      }
      expect(client.envelopes()[0]).toMatchObject({ n: 'state.snapshot' });
    }

    stop.abort();
    await load;
    expect(states.size).toBeGreaterThan(50);
  });
});

function applied(fields: Record<string, unknown>, { n, d }: Envelope): Record<string, unknown> {
  if (n === 'state.snapshot') return { ...(d as object) };
  const { set, del } = d as StatePatch;
  const rest = Object.entries(fields).filter(([name]) => !del?.includes(name));
  return { ...Object.fromEntries(rest), ...set };
}
