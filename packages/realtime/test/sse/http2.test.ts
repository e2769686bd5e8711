import { FastifyAdapter } from '@nestjs/platform-fastify';
import { waitFor } from '@nestwire/harness';
import { type ClientHttp2Session, connect } from 'node:http2';
import { type RunningApp, startApp } from '../support/start-app.js';

function open(session: ClientHttp2Session, headers: Record<string, string> = {}) {
  const stream = session.request({ ':path': '/realtime/sse?channels=open:a', ...headers });
  const heard = { stream, text: '', status: 0, ended: false };
  stream.setEncoding('utf8');
  stream.on('response', (head) => (heard.status = head[':status']!));
  stream.on('data', (text: string) => (heard.text += text));
  stream.on('close', () => (heard.ended = true));
  stream.on('error', () => undefined);
  return heard;
}

describe('streams over HTTP/2', () => {
  let app: RunningApp;
  let session: ClientHttp2Session;

  beforeEach(async () => {
    const adapter = new FastifyAdapter({ http2: true } as never);
    app = await startApp({ adapter, options: { limits: { deliveryTimeoutMs: 60_000 } } });
    session = connect(app.url);
  });

  afterEach(async () => {
    session.destroy();
    await app.close();
  });

  it('come, are resumed, end, and leave nothing behind', async () => {
    const first = open(session);
    await waitFor(() => first.text.includes('\nid: '), { what: 'ready' });
    await app.realtime.publish('open:a', 'hello', 1);
    await waitFor(() => first.text.includes('event: hello'), { what: 'the event' });
    expect(first.status).toBe(200);
    const cursor = /id: (.*)/.exec(first.text)![1]!;
    first.stream.close();
    await app.idle();

    const second = open(session, { 'last-event-id': cursor });
    await waitFor(() => second.text.includes('event: realtime.replay-end'), { what: 'the replay' });
    app.connections.all()[0]!.close('retry');
    await waitFor(() => second.ended, { what: 'the end' });
    expect(second.text).toContain('event: realtime.close');

    const third = open(session);
    await waitFor(() => third.text.includes('\nid: '), { what: 'ready' });
    app.connections.all()[0]!.close('slow_consumer');
    await waitFor(() => third.ended, { what: 'the cut' });
    expect(session.destroyed).toBe(false);
    await app.idle();
  });

  it('are cut once too much waits, and others on the same connection are not', async () => {
    const slow = open(session);
    await waitFor(() => slow.text.includes('\nid: '), { what: 'ready' });
    const { outlet } = app.connections.all()[0]!;
    const other = open(session);
    await waitFor(() => other.text.includes('\nid: '), { what: 'ready' });
    slow.stream.pause();

    let most = 0;
    await waitFor(
      async () => {
        await app.realtime.publish('open:a', 'e', 'x'.repeat(100_000));
        most = Math.max(most, outlet.queuedBytes());
        return app.connections.all().length === 1;
      },
      { what: 'the cut' },
    );
    await app.realtime.publish('open:a', 'last', 1);
    await waitFor(() => other.text.includes('event: last'), { what: 'the last event' });

    expect(most).toBeGreaterThan(500_000);
    expect(most).toBeLessThan(1_500_000);
  });

  it('are sent a long replay as fast as they read', async () => {
    const first = open(session);
    await waitFor(() => first.text.includes('\nid: '), { what: 'ready' });
    const cursor = /id: (.*)/.exec(first.text)![1]!;
    for (let i = 0; i < 200; i += 1) await app.realtime.publish('open:a', 'e', 'x'.repeat(20_000));

    const second = open(session, { 'last-event-id': cursor });
    await waitFor(() => second.text.includes('event: realtime.replay-end'), { what: 'the replay' });
    expect(second.text.match(/^event: e$/gm)).toHaveLength(200);
  });
});
