import { Controller, Get, Header } from '@nestjs/common';
import { launchBrowser, waitFor } from '@nestwire/harness';
import type { Ready } from '@nestwire/protocol';
import { startApp } from '../support/start-app.js';

/** What a page does that knows nothing of ours. */
const PAGE = `<!doctype html><title>page</title><script>
  const heard = { ready: [], data: [], states: [] };
  const source = new EventSource(new URLSearchParams(location.search).get('stream'));
  source.addEventListener('realtime.ready', (event) => heard.ready.push(JSON.parse(event.data)));
  source.addEventListener('n', (event) => heard.data.push(JSON.parse(event.data).d));
  source.onerror = () => heard.states.push(source.readyState);
</script>`;

@Controller()
class PageController {
  @Get('page')
  @Header('Content-Type', 'text/html')
  page() {
    return PAGE;
  }
}

interface Heard {
  ready: Ready[];
  data: unknown[];
  states: number[];
}

describe('a plain EventSource in a browser', () => {
  it('hears every event once across cuts and ends, and stays away when it shall', async () => {
    await using app = await startApp({
      controllers: [PageController],
      options: { sse: { retryMs: [5, 20], maxStreamMs: 400 } },
    });
    const { secret, session } = await app.sessions.create();
    await using browser = await launchBrowser();
    const page = await browser.newPage();
    await page.context().addCookies([{ name: 'realtime_session', value: secret, url: app.url }]);
    await page.goto(`${app.url}/page?stream=${encodeURIComponent('/realtime/sse?channels=open:a')}`);
    const heard = (): Promise<Heard> => page.evaluate('heard');
    await waitFor(async () => (await heard()).ready.length === 1, { what: 'ready', timeoutMs: 10_000 });

    let count = 0;
    let cuts = 0;
    await waitFor(
      async () => {
        await app.realtime.publish('open:a', 'n', (count += 1));
        const { ready } = await heard();
        if (ready.length > cuts && cuts < 3) {
          const [connection] = app.connections.all();
          if (connection !== undefined && (cuts += 1)) connection.close('slow_consumer');
        }
        return ready.length > 6;
      },
      { what: 'three cuts and some ends', timeoutMs: 15_000 },
    );
    await waitFor(async () => (await heard()).data.at(-1) === count, { what: 'the last event' });

    const { ready, data } = await heard();
    expect(data).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    expect(ready.every(({ sid }) => sid === session.sid)).toBe(true);
    expect(ready.some(({ previous }) => previous?.code === 'slow_consumer')).toBe(true);

    await app.sessions.revoke(session.sid);
    await waitFor(async () => (await heard()).states.at(-1) === 2, { what: 'the page to stay away' });
    await app.idle();
  });

  it('reads the stream of another site with a ticket', async () => {
    await using app = await startApp({
      controllers: [PageController],
      prepare: (nest) => nest.enableCors({ origin: '*' }),
    });
    await using site = await startApp({ controllers: [PageController] });
    const response = await fetch(`${app.url}/realtime/tickets`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ channels: ['open:a'] }),
    });
    const { ticket } = (await response.json()) as { ticket: string };
    await using browser = await launchBrowser();
    const page = await browser.newPage();
    const stream = `${app.url}/realtime/sse?ticket=${ticket}`;
    await page.goto(
      `${site.url.replace('127.0.0.1', 'localhost')}/page?stream=${encodeURIComponent(stream)}`,
    );
    const heard = (): Promise<Heard> => page.evaluate('heard');
    await waitFor(async () => (await heard()).ready.length === 1, { what: 'ready', timeoutMs: 10_000 });
    await app.realtime.publish('open:a', 'n', 1);
    await waitFor(async () => (await heard()).data.length === 1, { what: 'the event' });
    expect((await heard()).states).toEqual([]);
  });
});
