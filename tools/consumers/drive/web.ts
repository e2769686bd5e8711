import assert from 'node:assert/strict';
import { launchBrowser } from '../../../libs/harness/src/browser.js';
import { waitFor } from '../../../libs/harness/src/wait-for.js';
import type { Checks } from '../checks.js';
import type { WebProject } from '../web-project.js';
import { tokenFor } from './token.js';
import { Visitor } from './visitor.js';

/** A name that is in the code of `socket.io-client` however it is minified: the query parameter of its version. */
const SOCKET_IO = /\bEIO\b/;

type Page = Awaited<ReturnType<Awaited<ReturnType<typeof launchBrowser>>['newPage']>>;

/** A page that was built with Vite and rendered on a server, in a browser, over both transports. */
export async function driveWeb(
  url: string,
  server: string,
  project: WebProject,
  checks: Checks,
): Promise<void> {
  await checks.that('a server renders the hooks', () => {
    assert.match(project.html, /id="connection">disconnected(<!-- -->)? over/);
    assert.match(project.html, /id="orders">idle \[\]/);
  });

  await checks.that('socket.io-client is loaded when it is used, and not before', async () => {
    const { atOnce, later } = await project.code();
    assert.match(later, SOCKET_IO);
    assert.doesNotMatch(atOnce, SOCKET_IO);
  });

  await using browser = await launchBrowser();
  for (const [transport, name] of [
    ['auto', 'websocket'],
    ['sse', 'sse'],
  ] as const) {
    await checks.that(`the built page lives over ${transport}`, async () => {
      const page = await browser.newPage();
      const watched = watch(page);
      await page.goto(`${url}#${new URLSearchParams({ transport, token: tokenFor('1', ['staff']) })}`);
      await says(page, '#connection', new RegExp(`connected over ${name}`));
      await use(page, new Visitor(server, '1', ['staff']));
      const code = (await Promise.all(watched.scripts)).join('\n');
      assert.equal(SOCKET_IO.test(code), name === 'websocket');
      assert.deepEqual(watched.complaints, []);
      await page.close();
    });
  }
}

/** What a page complains of, and the code that it loads. */
function watch(page: Page): { complaints: string[]; scripts: Promise<string>[] } {
  const complaints: string[] = [];
  const scripts: Promise<string>[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('response', (response) => {
    if (response.url().endsWith('.js')) scripts.push(response.text());
  });
  return { complaints, scripts };
}

/** A channel, a document and a command. */
async function use(page: Page, staff: Visitor): Promise<void> {
  await says(page, '#orders', /^subscribed \[\]/);
  await staff.request('PATCH', '/orders/9', { body: { region: 'web', quantity: 3 } });
  await says(page, '#orders', /\[9: 3\]/);
  const before = Number.parseInt(await says(page, '#cart', /^(none|\d+), 0 pending/), 10) || 0;
  await page.click('#cart');
  await says(page, '#cart', new RegExp(`^${before + 1}, 0 pending`));
  await page.click('#claim');
  await says(page, '#claim', /^1$/);
}

function says(page: Page, selector: string, expected: RegExp): Promise<string> {
  return waitFor(
    async () => {
      const text = (await page.locator(selector).textContent()) ?? '';
      return expected.test(text) ? text : undefined;
    },
    { what: `${selector} to say ${String(expected)}`, timeoutMs: 15_000 },
  );
}
