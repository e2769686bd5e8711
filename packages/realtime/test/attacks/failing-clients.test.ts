import { waitFor } from '@nestwire/harness';
import type { CloseNotice } from '@nestwire/protocol';
import { Counters } from '../../src/observability/counters.js';
import { knownTokens } from '../support/known-tokens.js';
import { SocketClient } from '../support/socket-client.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { webSocketOf } from '../socket-io/support.js';

const PENALTY_MS = 1_000;

describe('a client that fails again and again', () => {
  let app: RunningApp;
  let neighbour: SocketClient;
  let counters: Counters;

  const auth = (token: string) => ({ auth: { token }, reconnection: false });
  const headers = { authorization: 'Bearer ann' };

  beforeAll(async () => {
    app = await startApp({
      options: {
        authenticate: knownTokens({ ann: { userId: 'ann' }, eve: { userId: 'eve' }, bob: { userId: 'bob' } }),
        limits: {
          deliveryTimeoutMs: 100,
          maxFailedConnections: 2,
          penaltyMs: PENALTY_MS,
          errorsPerSecond: 1,
          maxQueuedBytes: 8 * 1024 * 1024,
        },
      },
    });
    counters = app.nest.get(Counters, { strict: false });
    neighbour = await SocketClient.connect(app.url, auth('bob'));
    await neighbour.follow('open:street');
  });

  afterAll(async () => {
    neighbour[Symbol.dispose]();
    await app.close();
  });

  /** The neighbour has the connection that it had, and hears what is said. */
  async function assertPeace(): Promise<void> {
    const heard = neighbour.envelopes('open:street').length;
    await app.realtime.publish('open:street', 'said', heard);
    await neighbour.received('open:street', heard + 1);
    expect(neighbour.disconnects).toEqual([]);
  }

  /** A connection that takes nothing, until it is cut. */
  async function letTimeOut(token: string): Promise<void> {
    using client = await SocketClient.connect(app.url, auth(token));
    await client.follow('open:stuck');
    const { id, outlet } = app.connections.get(client.ready.connection)!;
    webSocketOf(client).pause();
    while (outlet.queuedBytes() < 200_000) {
      await app.realtime.publish('open:stuck', 'said', 'x'.repeat(50_000));
      await new Promise(setImmediate);
    }
    await waitFor(() => app.connections.get(id) === undefined, { what: 'the cut' });
  }

  /** What a connection hears that is not let in. */
  async function refusal(token: string): Promise<CloseNotice | undefined> {
    using client = new SocketClient(app.url, auth(token));
    await waitFor(() => client.close ?? client.ready, { what: 'a verdict' });
    return client.close;
  }

  it('whose deliveries time out is kept away over both transports, then let in on trial; others notice nothing', async () => {
    await letTimeOut('ann');
    expect(await refusal('ann')).toBeUndefined();
    await letTimeOut('ann');
    await letTimeOut('ann');
    await waitFor(() => counters.penalties.failing === 1, { what: 'the breaker to open' });

    const notice = await refusal('ann');
    expect(notice).toEqual({ code: 'rate_limited', reconnect: true, retryAfterMs: expect.any(Number) });
    expect(notice!.retryAfterMs).toBeLessThanOrEqual(PENALTY_MS);
    using stream = await SseClient.open(app.url, 'open:a', { headers });
    await stream.end();
    expect(stream.text).toMatch(/^retry: \d+\n\n$/);
    expect(counters.limited.penalty).toBeGreaterThanOrEqual(2);
    expect(counters.slowConsumersClosed.delivery_timeout).toBe(3);
    await assertPeace();

    using onTrial = new SocketClient(app.url, { auth: { token: 'ann' } });
    await waitFor(() => onTrial.ready, { what: 'the end of the penalty' });
    await waitFor(async () => (await refusal('ann')) === undefined, { what: 'the end of the trial' });
  });

  it('that sends little else than what cannot be done is closed, counted and kept away', async () => {
    const before = counters.penalties.failing;
    using client = await SocketClient.connect(app.url, auth('eve'));
    for (let i = 0; i < 15; i += 1) client.io.emit('command', { id: `${i}`, command: 'no.such' });
    await waitFor(() => client.close, { what: 'the close' });

    expect(client.close).toEqual({ code: 'failing', reconnect: true, retryAfterMs: PENALTY_MS });
    expect(await refusal('eve')).toMatchObject({ code: 'rate_limited' });
    expect(counters.penalties.failing).toBe(before + 1);
    expect(counters.limited.errors).toBeGreaterThanOrEqual(1);
    await assertPeace();
  });
});
