import { waitFor } from '@nestwire/harness';
import { RealtimeError } from '../../src/index.js';
import { flickeringBackend, type FlickeringBackend } from '../support/flickering-backend.js';
import { knownTokens } from '../support/known-tokens.js';
import { SocketClient } from '../support/socket-client.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

describe('A backend that goes away', () => {
  let backend: FlickeringBackend;
  let app: RunningApp;
  let client: SocketClient;

  beforeEach(async () => {
    backend = flickeringBackend();
    app = await startApp({
      options: { backend, authenticate: knownTokens({ visitor: { userId: 'v', roles: [] } }) },
    });
    client = await SocketClient.connect(app.url);
    await client.follow('open:a');
  });

  afterEach(async () => {
    client[Symbol.dispose]();
    await app.close();
  });

  const told = (): Record<string, number> => ({
    degraded: client.control('degraded').length,
    healed: client.control('healed').length,
  });

  it('is told once, and that it is back when every channel has been looked at', async () => {
    const end = backend.log.end.bind(backend.log);
    let look: () => void = () => undefined;
    backend.log.end = async (...args) => {
      await new Promise<void>((resolve) => (look = resolve));
      return end(...args);
    };

    backend.become('unavailable');
    backend.become('unavailable');
    backend.become('available');
    backend.interrupt();
    await waitFor(() => told()['degraded'] === 1, { what: 'the word that it is away' });
    await app.realtime.publish('open:a', 'e', 1);
    await waitFor(() => client.envelopes().length === 1, { what: 'what is published' });
    expect(told()).toEqual({ degraded: 1, healed: 0 });

    look();
    await waitFor(() => told()['healed'] === 1, { what: 'the word that it is back' });
    expect(told()).toEqual({ degraded: 1, healed: 1 });
  });

  it('and again while channels are looked at: nothing is delivered or said to be well before they were looked at anew', async () => {
    const end = backend.log.end.bind(backend.log);
    let looks = 0;
    backend.log.end = async (...args) => {
      looks += 1;
      if (looks === 1) backend.become('unavailable');
      return end(...args);
    };
    backend.become('unavailable');
    backend.interrupt();
    await waitFor(() => looks === 1, { what: 'the first look' });
    await app.realtime.publish('open:a', 'e', 1);
    await client.command('realtime.heartbeat');

    expect(client.envelopes()).toEqual([]);
    expect(told()).toEqual({ degraded: 1, healed: 0 });

    backend.interrupt();
    await waitFor(() => told()['healed'] === 1, { what: 'the word that it is back' });
    await waitFor(() => client.envelopes().length === 1, { what: 'what was published' });
    expect(looks).toBe(2);
  });

  it('is not said to be well while a channel cannot be looked at, unless it never can', async () => {
    const end = backend.log.end.bind(backend.log);
    let looks = 0;
    backend.log.end = async (...args) => {
      looks += 1;
      if (looks < 4) throw new RealtimeError('unavailable', 'not yet');
      return end(...args);
    };
    backend.become('unavailable');
    backend.interrupt();
    await waitFor(() => told()['healed'] === 1, { what: 'the word that it is back' });
    expect(looks).toBe(4);

    backend.log.end = async () => {
      looks += 1;
      throw new Error('never');
    };
    backend.become('unavailable');
    backend.interrupt();
    await waitFor(() => told()['healed'] === 2, { what: 'the word that it is back, again' });
    expect(looks).toBe(5);
  });

  it('is told to who comes meanwhile, after ready, on both transports', async () => {
    backend.become('unavailable');
    using socket = await SocketClient.connect(app.url);
    using stream = await SseClient.connect(app.url, 'open:a');

    await waitFor(() => socket.control('degraded').length === 1, { what: 'the word on the socket' });
    await stream.until(() => stream.control('degraded').length === 1, 'the word on the stream');
    expect(socket.heard.flatMap((item) => (item.kind === 'control' ? [item.name] : []))).toEqual([
      'ready',
      'degraded',
    ]);
    expect(stream.story.slice(0, 3)).toEqual(['ready', 'cursor', 'degraded']);
  });

  it('is told to a client that is being greeted only after ready', async () => {
    const follow = backend.log.follow.bind(backend.log);
    backend.log.follow = async (...args) => {
      backend.become('unavailable');
      return follow(...args);
    };
    using socket = await SocketClient.connect(app.url, { auth: { token: 'visitor' } });
    await waitFor(() => socket.control('degraded').length === 1, { what: 'the word' });

    expect(socket.heard[0]).toMatchObject({ kind: 'control', name: 'ready' });
  });
});
