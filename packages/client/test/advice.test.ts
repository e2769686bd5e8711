import { waitFor } from '@nestwire/harness';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRealtimeClient, type RealtimeClient } from '../src/index.js';
import { World } from './support/world.js';

/** What stands between a client and the server, and answers in its place. */
class Gateway implements AsyncDisposable {
  requests = 0;

  private constructor(private readonly server: Server) {}

  static async start(answer: RequestListener): Promise<Gateway> {
    const gateway = new Gateway(
      createServer((request, response) => {
        gateway.requests += 1;
        answer(request, response);
      }),
    );
    gateway.server.listen(0, '127.0.0.1');
    await once(gateway.server, 'listening');
    return gateway;
  }

  client(...channels: string[]): RealtimeClient {
    const { port } = this.server.address() as AddressInfo;
    const options = { transport: 'sse', token: 'ann', retryBaseMs: 1, retryMaxMs: 1 } as const;
    const client = createRealtimeClient({ url: `http://127.0.0.1:${port}`, ...options });
    for (const channel of channels) client.channel(channel).on('said', () => undefined);
    client.connect();
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** How long until the next attempt, in milliseconds, once it was answered. */
async function waitOf(client: RealtimeClient): Promise<number> {
  await waitFor(() => client.connection.value.retryAt !== undefined);
  return client.connection.value.retryAt! - Date.now();
}

describe('what a gateway answers in the place of the server', () => {
  it.each<[number, string, () => string]>([
    [429, 'in seconds', () => '30'],
    [503, 'in seconds', () => '30'],
    [503, 'as a date', () => new Date(Date.now() + 30_000).toUTCString()],
  ])('%d with Retry-After %s is obeyed', async (status, _, retryAfter) => {
    await using gateway = await Gateway.start((__, response) =>
      response.writeHead(status, { 'retry-after': retryAfter() }).end('busy'),
    );
    await using client = gateway.client('open:any');
    const waitMs = await waitOf(client);
    expect(waitMs).toBeGreaterThan(20_000);
    expect(waitMs).toBeLessThanOrEqual(30_000);
    expect(gateway.requests).toBe(1);
  });

  it('a Retry-After longer than any timer is a long wait, not none', async () => {
    await using gateway = await Gateway.start((_, response) =>
      response.writeHead(503, { 'retry-after': '99999999' }).end(),
    );
    await using client = gateway.client();
    expect(await waitOf(client)).toBeGreaterThan(24 * 60 * 60_000);
    // A timer that overflows would have run out by now.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(gateway.requests).toBe(1);
  });

  it.each([401, 403, 404, 500, 502, 503])('%d without a word of ours may pass', async (status) => {
    await using gateway = await Gateway.start((_, response) => response.writeHead(status).end('<html>'));
    await using client = gateway.client();
    await waitFor(() => gateway.requests >= 3);
    expect(client.connection.value).toMatchObject({ status: 'connecting', reason: 'transport_lost' });
  });

  it("404 with somebody else's error may pass", async () => {
    await using gateway = await Gateway.start((_, response) =>
      response.writeHead(404).end('{"error":{"code":"NoSuchRoute","message":"no route"}}'),
    );
    await using client = gateway.client();
    await waitFor(() => gateway.requests >= 3);
    expect(client.connection.value).toMatchObject({ status: 'connecting', reason: 'transport_lost' });
  });

  it('advice that is no number is none', async () => {
    const error = { code: 'unavailable', message: 'busy', temporary: true, retryAfterMs: {} };
    await using gateway = await Gateway.start((_, response) =>
      response.writeHead(503).end(JSON.stringify({ error })),
    );
    await using client = gateway.client();
    expect(await waitOf(client)).toBeLessThanOrEqual(1);
  });

  it.each([200, 403])(
    '%d that is no stream is no connection, even where nothing is asked for',
    async (status) => {
      await using gateway = await Gateway.start((_, response) =>
        response.writeHead(status).end('log in first'),
      );
      await using client = gateway.client();
      await waitFor(() => gateway.requests >= 2);
      expect(client.connection.value.status).toBe('connecting');
    },
  );

  it('204 is the word not to come back', async () => {
    await using gateway = await Gateway.start((_, response) => response.writeHead(204).end());
    await using client = gateway.client();
    await waitFor(() => client.connection.value.status === 'disconnected');
    expect(client.connection.value.reason).toBe('unauthenticated');
    expect(gateway.requests).toBe(1);
  });
});

describe('what a gateway lets through at last', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start();
  });

  afterEach(() => void world.ran.list.splice(0));

  afterAll(() => world[Symbol.asyncDispose]());

  /** On to the server, by a redirect: a command goes there with its body. */
  const pass = (url: string | undefined, response: ServerResponse, status = 307) =>
    response.writeHead(status, { location: `${world.directUrl}${url}` }).end();

  it.each([301, 302, 303, 307, 308])('%d leads to the stream', async (status) => {
    await using gateway = await Gateway.start(({ url }, response) => pass(url, response, status));
    await using client = gateway.client('open:any');
    await waitFor(() => client.channel('open:any').state.value.status === 'subscribed');
    expect(client.connection.value).toMatchObject({ status: 'connected', transport: 'sse' });
  });

  it('a command is sent again when it says, and runs once', async () => {
    const times: number[] = [];
    await using gateway = await Gateway.start((request, response) => {
      void text(request).then((body) => {
        // Heartbeats go the same way.
        if (body.includes('note') && times.push(performance.now()) < 2)
          response.writeHead(429, { 'retry-after': '1' }).end('slow down');
        else pass(request.url, response);
      });
    });
    await using client = gateway.client('open:any');
    await waitFor(() => client.connection.value.status === 'connected');
    expect(await client.command('note', 1)).toEqual({ ran: 1, data: 1 });
    expect(times).toHaveLength(2);
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(900);
  });

  it('what has waited for a connection is sent in order, however often it comes too fast', async () => {
    let commands = 0;
    const error = { code: 'rate_limited', message: 'too many commands', temporary: true, retryAfterMs: 1 };
    await using gateway = await Gateway.start(({ url, method }, response) => {
      if (method === 'POST' && (commands += 1) % 3 > 0)
        response.writeHead(429, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
      else pass(url, response);
    });
    await using client = gateway.client('open:any');
    client.disconnect();
    const answers = [1, 2, 3, 4, 5].map((n) => client.command('note', n));
    client.connect();
    await Promise.all(answers);
    expect(world.ran.list).toEqual([1, 2, 3, 4, 5]);
  });

  it('a command that comes too fast over an open connection says so', async () => {
    const error = { code: 'rate_limited', message: 'too many commands', temporary: true, retryAfterMs: 7 };
    await using gateway = await Gateway.start(({ url, method }, response) => {
      if (method === 'POST') response.writeHead(429).end(JSON.stringify({ error }));
      else pass(url, response);
    });
    await using client = gateway.client('open:any');
    await waitFor(() => client.connection.value.status === 'connected');
    await expect(client.command('note', 1)).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 7 });
  });
});
