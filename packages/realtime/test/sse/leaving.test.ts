import { waitFor } from '@nestwire/harness';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { promisify } from 'node:util';
import { memoryBackend, RealtimeChannel } from '../../src/index.js';
import { knownTokens } from '../support/known-tokens.js';
import { SseClient } from '../support/sse-client.js';
import { type AdapterName, type RunningApp, startApp } from '../support/start-app.js';

/** Holds whoever asks until it is let go, and says how many it holds. */
class Gate {
  isShut = false;
  private held: (() => void)[] = [];

  async pass(): Promise<void> {
    if (this.isShut) await new Promise<void>((resolve) => this.held.push(resolve));
  }

  get count(): number {
    return this.held.length;
  }

  open(): void {
    this.isShut = false;
    for (const go of this.held.splice(0)) go();
  }
}

const gates = {
  middleware: new Gate(),
  authenticator: new Gate(),
  policy: new Gate(),
  follow: new Gate(),
  end: new Gate(),
  read: new Gate(),
  snapshot: new Gate(),
};

@RealtimeChannel('gated:{name}')
class GatedChannel {
  async canSubscribe(): Promise<boolean> {
    await gates.policy.pass();
    return true;
  }
}

describe.each<AdapterName>(['express', 'fastify'])('a client that goes away, with %s', (adapter) => {
  let app: RunningApp;
  let cursor: string;
  const faults: unknown[] = [];

  beforeAll(async () => {
    const backend = memoryBackend();
    for (const [port, method, gate] of [
      [backend.log, 'follow', gates.follow],
      [backend.log, 'end', gates.end],
      [backend.log, 'read', gates.read],
      [backend.log, 'readKept', gates.read],
      [backend.documents, 'read', gates.snapshot],
    ] as const) {
      const original = (port as never)[method] as (...args: unknown[]) => unknown;
      Object.assign(port, {
        [method]: async (...args: unknown[]) => {
          await gate.pass();
          return original.apply(port, args);
        },
      });
    }
    const anybody = knownTokens({});
    app = await startApp({
      adapter,
      policies: [GatedChannel],
      options: {
        backend,
        onError: (error) => faults.push(error),
        history: { ttlMs: 60_000 },
        limits: { deliveryTimeoutMs: 60_000 },
        authenticate: {
          authenticate: async (asked) => {
            await gates.authenticator.pass();
            return anybody.authenticate(asked);
          },
        },
      },
      prepare: (nest) =>
        nest.use(
          (_request: unknown, _response: unknown, next: () => void) =>
            void gates.middleware.pass().then(next),
        ),
    });
    const first = await SseClient.connect(app.url, 'gated:a');
    first.destroy();
    cursor = first.cursor!;
    for (let i = 0; i < 200; i += 1) await app.realtime.publish('gated:a', 'e', 'x'.repeat(50_000));
    await app.idle();
  });

  afterEach(() => {
    for (const gate of Object.values(gates)) gate.open();
  });

  afterAll(() => app.close());

  /** Nothing is left, not even what would come to nothing only later. */
  async function assertIdle(): Promise<void> {
    await app.idle();
    await new Promise(setImmediate);
    expect(app.hub.tailBytes).toBe(0);
    expect(faults).toEqual([]);
  }

  async function socketsAreGone(): Promise<void> {
    const server = app.nest.getHttpServer() as Server;
    const count = (): Promise<number> => promisify(server.getConnections.bind(server))();
    await waitFor(async () => (await count()) === 0, { what: 'the server to see that the sockets are gone' });
  }

  it.each(Object.keys(gates) as (keyof typeof gates)[])(
    'leaves nothing behind while it waits for: %s',
    async (name) => {
      const gate = gates[name];
      gate.isShut = true;
      const sent = SseClient.send(app.url, ['gated:a', '$state:doc:a'], { lastEventId: cursor });
      await waitFor(() => gate.count > 0, { what: 'the request to be held' });
      sent.destroy();
      await socketsAreGone();
      gate.open();

      await assertIdle();
    },
  );

  it('leaves nothing behind before the first byte, however many do', async () => {
    for (let i = 0; i < 100; i += 1) {
      const sent = SseClient.send(app.url, ['gated:a', `open:${i}`], { lastEventId: cursor });
      await once(sent, 'socket');
      if (i % 3 === 0) await once(sent.socket!, 'connect');
      if (i % 3 === 1) await new Promise(setImmediate);
      sent.destroy();
    }
    await socketsAreGone();
    await assertIdle();
  });

  it.each(['reads', 'has stopped to read'])(
    'leaves nothing behind in the middle of a replay that it %s',
    async (how) => {
      const client = await SseClient.connect(app.url, 'gated:a', { lastEventId: cursor });
      if (how !== 'reads') {
        client.pause();
        const { outlet } = app.connections.get(client.ready.connection)!;
        await client.until(() => outlet.queuedBytes() > 0, 'bytes to wait');
      }
      client.destroy();

      await assertIdle();
    },
  );

  it('leaves nothing on a socket that is used again, as after a refusal', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const warnings: Error[] = [];
    const warn = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', warn);
    const responses: ServerResponse[] = [];
    const server = app.nest.getHttpServer() as Server;
    const note = (_request: IncomingMessage, response: ServerResponse): unknown => responses.push(response);
    server.on('request', note);

    let listeners: number | undefined;
    for (let i = 0; i < 30; i += 1) {
      await request(`${app.url}/realtime/sse?channels=nobody:a`, agent);
      const { socket } = responses.at(-1)!.req;
      listeners ??= countListeners(socket);
      expect(countListeners(socket)).toBe(listeners);
    }

    expect(responses).toHaveLength(30);
    expect(new Set(responses.map(({ req }) => req.socket)).size).toBe(1);
    expect(warnings).toEqual([]);
    process.off('warning', warn);
    server.off('request', note);
    agent.destroy();
    await assertIdle();
  });
});

function countListeners(socket: Socket): number {
  return socket.eventNames().reduce((sum, name) => sum + socket.listenerCount(name), 0);
}

/** Reads an answer to its end, after which the socket is free again. */
async function request(url: string, agent: Agent): Promise<void> {
  const sent = get(url, { agent });
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  await new Promise((resolve) => sent.once('close', resolve));
}
