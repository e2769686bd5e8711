import { waitFor } from '@nestwire/harness';
import type { CloseNotice, Envelope, Ready } from '@nestwire/protocol';
import { EventSource } from 'eventsource';
import { bearer, knownTokens } from '../support/known-tokens.js';
import { type RunningApp, startApp } from '../support/start-app.js';

/** What the package `eventsource` hears. */
class Heard implements Disposable {
  readonly data: unknown[] = [];
  readonly ready: Ready[] = [];
  readonly closes: CloseNotice[] = [];
  readonly source: EventSource;

  constructor(url: string, headers: Record<string, string> = {}) {
    this.source = new EventSource(url, {
      fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...headers } }),
    });
    this.on<Envelope>('n', ({ d }) => this.data.push(d));
    this.on<Ready>('realtime.ready', (ready) => this.ready.push(ready));
    this.on<CloseNotice>('realtime.close', (notice) => this.closes.push(notice));
  }

  [Symbol.dispose](): void {
    this.source.close();
  }

  private on<T>(name: string, listener: (data: T) => void): void {
    this.source.addEventListener(name, ({ data }) => listener(JSON.parse(data as string) as T));
  }
}

describe('the package eventsource', () => {
  async function start(maxStreamMs = 60_000): Promise<RunningApp> {
    const authenticate = knownTokens({ a: { userId: '42' } });
    return startApp({ options: { authenticate, sse: { maxStreamMs, retryMs: [5, 20] } } });
  }

  /** Publishes 1, 2, 3 … for as long as it takes, and answers how many those were. */
  async function publishUntil(app: RunningApp, isDone: () => boolean): Promise<number> {
    let n = 0;
    while (!isDone()) {
      await app.realtime.publish('open:a', 'n', (n += 1));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return n;
  }

  const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

  it('hears every event once, and comes back by itself after cuts of every kind', async () => {
    await using app = await start();
    using heard = new Heard(`${app.url}/realtime/sse?channels=open:a`);
    await waitFor(() => heard.ready.length === 1, { what: 'ready' });

    let cuts = 0;
    const count = await publishUntil(app, () => {
      const [connection] = app.connections.all();
      if (connection === undefined || heard.ready.length <= cuts) return false;
      if (cuts === 9) return true;
      connection.close((['slow_consumer', 'delivery_timeout', 'retry'] as const)[(cuts += 1) % 3]!);
      return false;
    });
    await waitFor(() => heard.data.at(-1) === count, { what: 'the last event' });

    expect(heard.data).toEqual(upTo(count));
    expect(heard.ready.slice(1).map(({ channels }) => channels['open:a'])).toEqual(
      Array(9).fill(expect.objectContaining({ recovered: true })),
    );
  });

  it('hears every event once across the ends of its streams', async () => {
    await using app = await start(60);
    using heard = new Heard(`${app.url}/realtime/sse?channels=open:a`);
    await waitFor(() => heard.ready.length === 1, { what: 'ready' });

    const count = await publishUntil(app, () => heard.ready.length > 8);
    await waitFor(() => heard.data.at(-1) === count, { what: 'the last event' });

    expect(heard.data).toEqual(upTo(count));
    expect(new Set(heard.closes.map(({ code }) => code))).toEqual(new Set(['stream_expired']));
  });

  it('resumes with nothing but a cursor, even where it heard no event before the cut', async () => {
    await using app = await start();
    using heard = new Heard(`${app.url}/realtime/sse?channels=open:a`);
    await waitFor(() => heard.ready.length === 1, { what: 'ready' });
    app.connections.all()[0]!.close('slow_consumer');
    await app.realtime.publish('open:a', 'n', 1);

    await waitFor(() => heard.data.length === 1, { what: 'what came in between' });
    expect(heard.ready[1]!.channels).toEqual({ 'open:a': { recovered: true, replay: 1 } });
  });

  it('stays away once its session is revoked', async () => {
    await using app = await start();
    using heard = new Heard(`${app.url}/realtime/sse?channels=open:a`, bearer('a'));
    await waitFor(() => heard.ready.length === 1, { what: 'ready' });

    await app.sessions.revoke(heard.ready[0]!.sid!);
    await waitFor(() => heard.source.readyState === EventSource.CLOSED, { what: 'the end' });

    expect(heard.closes).toEqual([{ code: 'session_revoked', reconnect: false }]);
    await app.idle();
  });
});
