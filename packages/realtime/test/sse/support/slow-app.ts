import { RealtimeChannel, RealtimeDocument } from '../../../src/index.js';
import { bearer, knownTokens } from '../../support/known-tokens.js';
import { SseClient, type StreamOptions } from '../../support/sse-client.js';
import { type RunningApp, startApp } from '../../support/start-app.js';

export const MB = 1024 * 1024;
export const BIG = 'x'.repeat(100_000);
/** Headers of a user, whose session is told what became of its last stream. */
export const USER = bearer('a');

@RealtimeChannel('deep:{name}', { history: { size: 10_000, ttlMs: 60_000 } })
class DeepHistory {
  canSubscribe(): boolean {
    return true;
  }
}

@RealtimeDocument('short:{id}', { history: { size: 3, ttlMs: 60_000 } })
class ShortHistory {
  canRead(): boolean {
    return true;
  }
}

/** An application with channels `deep:*` that keep a lot and documents `short:*` that keep little, for clients that stall. */
export class SlowApp implements AsyncDisposable {
  private constructor(readonly app: RunningApp) {}

  static async start(deliveryTimeoutMs = 30_000): Promise<SlowApp> {
    const authenticate = knownTokens({ a: { userId: '42' } });
    const options = { authenticate, limits: { deliveryTimeoutMs, maxDocumentBytes: 16 * MB } };
    return new SlowApp(await startApp({ policies: [DeepHistory, ShortHistory], options }));
  }

  async publish(channel: string, count: number, data: unknown): Promise<void> {
    for (let i = 0; i < count; i += 1) await this.app.realtime.publish(channel, 'e', data);
  }

  /** A client, and what waits for it in the server. */
  async connect(
    channels: string | string[],
    options?: StreamOptions,
  ): Promise<{ client: SseClient; queued: () => number }> {
    const client = await SseClient.connect(this.app.url, channels, options);
    const { outlet } = this.app.connections.get(client.ready.connection)!;
    return { client, queued: () => outlet.queuedBytes() };
  }

  /** The cursor of a client that was there and has gone. */
  async cursorOf(channels: string | string[]): Promise<string> {
    using client = (await this.connect(channels)).client;
    return client.cursor!;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.app.close();
  }
}
