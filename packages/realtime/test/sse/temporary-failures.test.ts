import { HttpException } from '@nestjs/common';
import { channelHash } from '@nestwire/protocol';
import { memoryBackend, RealtimeChannel, RealtimeError } from '../../src/index.js';
import { knownTokens } from '../support/known-tokens.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

/** Makes the policy of `moody:*` fail. */
let fault: Error | undefined;

@RealtimeChannel('moody:{name}')
class MoodyChannel {
  canSubscribe(): boolean {
    if (fault !== undefined) throw fault;
    return true;
  }
}

describe('what cannot be done now', () => {
  let app: RunningApp;
  const faults: unknown[] = [];

  beforeAll(async () => {
    const onError = (error: unknown) => faults.push(error);
    app = await startApp({ policies: [MoodyChannel], options: { onError } });
  });

  beforeEach(() => {
    fault = undefined;
    faults.length = 0;
  });

  afterAll(() => app.close());

  it.each([
    ['an unknown fault', new Error('the database is away'), 'unavailable'],
    ['a temporary error', new RealtimeError('rate_limited', 'later', { retryAfterMs: 50 }), 'rate_limited'],
    ['a fault of the server', new HttpException('down', 503), 'unavailable'],
  ])('ends the stream to try again, and keeps the position: %s of a policy', async (_, error, code) => {
    const channels = ['moody:a', 'open:a'];
    const first = await SseClient.connect(app.url, channels);
    first.destroy();
    await app.realtime.publish('moody:a', 'e', 1);
    await app.realtime.publish('open:a', 'e', 1);

    fault = error;
    const second = await SseClient.connect(app.url, channels, { lastEventId: first.cursor! });
    await second.end();
    expect(second.ready.channels['moody:a']).toMatchObject({ error: { code, temporary: true } });
    expect(second.ready.channels['open:a']).toEqual({ recovered: true, replay: 1 });
    expect(second.control('close')).toEqual([{ code: 'retry', reconnect: true }]);
    expect(second.events()).toEqual([]);

    fault = undefined;
    using third = await SseClient.connect(app.url, channels, { lastEventId: second.cursor! });
    await third.until(() => third.events().length === 2, 'what both have missed');
    expect(third.ready.channels).toEqual({
      'moody:a': { recovered: true, replay: 1 },
      'open:a': { recovered: true, replay: 1 },
    });
  });

  it('is tried again even where it is the only channel', async () => {
    fault = new Error('the database is away');
    using client = await SseClient.connect(app.url, 'moody:b');
    await client.end();

    expect(client.status).toBe(200);
    expect(client.control('close')).toMatchObject([{ code: 'retry' }]);
    expect(faults).toEqual([fault]);
  });

  it('is not tried again where the policy has refused', async () => {
    fault = new HttpException('no', 403);
    using client = await SseClient.open(app.url, 'moody:b');

    expect(client.status).toBe(403);
    expect(faults).toEqual([]);
  });

  it('keeps no position of a channel that is refused for good', async () => {
    const first = await SseClient.connect(app.url, ['moody:c', 'open:c']);
    first.destroy();
    fault = new HttpException('no', 403);
    using client = await SseClient.connect(app.url, ['moody:c', 'open:c'], { lastEventId: first.cursor! });

    expect(client.cursor).toContain(channelHash('open:c'));
    expect(client.cursor).not.toContain(channelHash('moody:c'));
  });

  it.each(['reading', 'following'])('is reported where the backend has a fault in %s a log', async (what) => {
    const backend = memoryBackend();
    const error = new Error('a fault of the backend');
    await using faulty = await startApp({ options: { backend, onError: (told) => faults.push(told) } });
    const first = await SseClient.connect(faulty.url, 'open:a');
    first.destroy();
    await faulty.idle();
    await faulty.realtime.publish('open:a', 'e', 1);

    const fail = () => Promise.reject(error);
    Object.assign(backend.log, what === 'reading' ? { read: fail, readKept: fail } : { follow: fail });
    using client = await SseClient.connect(faulty.url, 'open:a', { lastEventId: first.cursor! });
    await client.end();

    expect(client.control('close')).toMatchObject([{ code: 'retry' }]);
    expect(client.cursor).toBe(first.cursor);
    expect(faults).toContain(error);
    await faulty.idle();
  });

  // EventSource gives up for good on any status but 200.
  it('is a stream that ends, with a time to come back after, where nobody can say who it is', async () => {
    let isDown = true;
    const anybody = knownTokens({});
    await using unsure = await startApp({
      options: {
        authenticate: {
          authenticate: (request) => {
            if (isDown) throw new Error('the directory is down');
            return anybody.authenticate(request);
          },
        },
        onError: (told) => faults.push(told),
      },
    });
    using client = await SseClient.open(unsure.url, 'open:a');
    await client.end();

    expect(client.status).toBe(200);
    expect(client.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(client.text).toMatch(/^retry: \d{4}\n\n$/);
    isDown = false;
    using again = await SseClient.connect(unsure.url, 'open:a');
    expect(again.status).toBe(200);
  });

  it('is told to streams that are open, and to those that are being opened only after ready', async () => {
    const backend = memoryBackend();
    let tell!: Parameters<typeof backend.onAvailability>[0];
    backend.onAvailability = (listener) => {
      tell = listener;
      return () => undefined;
    };
    await using degraded = await startApp({ options: { backend } });
    using open = await SseClient.connect(degraded.url, 'open:a');
    const follow = backend.log.follow.bind(backend.log);
    backend.log.follow = async (...args) => {
      tell('unavailable');
      return follow(...args);
    };
    using opening = await SseClient.connect(degraded.url, 'open:b');
    using refused = await SseClient.open(degraded.url, ['nobody:b']);
    await open.until(() => open.control('degraded').length === 1, 'the word');

    expect(opening.story[0]).toBe('ready');
    expect(refused.status).toBe(403);
  });
});
