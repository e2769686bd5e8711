import type { NestExpressApplication } from '@nestjs/platform-express';
import { launchBrowser, waitFor } from '@nestwire/harness';
import { createApp } from '../../src/app.js';

type Browser = Awaited<ReturnType<typeof launchBrowser>>;
type ContextOptions = Parameters<Browser['newContext']>[0];
export type Page = Awaited<ReturnType<Browser['newPage']>>;

/**
 * The playground on a free port, and a browser to look at it. Disposing of it fails where a page had an exception, or an error
 * in its console.
 */
export interface Playground extends AsyncDisposable {
  readonly url: string;
  /** Opens a page as a visitor of its own. */
  visit(path?: string, options?: ContextOptions): Promise<Page>;
  /** Closes every page: those that stay open cost those that come after them. */
  closePages(): Promise<void>;
}

export async function startPlayground(): Promise<Playground> {
  const app = await createApp();
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const browser = await launchBrowser();
  const complaints: string[] = [];
  const visit = async (path = '/', options: ContextOptions = {}): Promise<Page> => {
    const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
    const page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(url + path);
    return page;
  };
  const closePages = async (): Promise<void> => {
    await Promise.all(browser.contexts().map((context) => context.close()));
  };
  return { url, visit, closePages, [Symbol.asyncDispose]: () => stop(browser, app, complaints) };
}

async function stop(browser: Browser, app: NestExpressApplication, complaints: string[]): Promise<void> {
  await browser.close();
  await app.close();
  if (complaints.length > 0) throw new Error(`The pages complained:\n${complaints.join('\n')}`);
}

/** As much of an element as is needed here: these tests are compiled for Node. */
export interface Attributed {
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
}

/** Offsets of a channel's events in a view, newest first. */
export async function offsetsIn(page: Page, view: 'sse' | 'socket', channel: string): Promise<number[]> {
  const rows = page.locator(`#${view}-log .row[data-channel="${channel}"]`);
  return rows.evaluateAll((all: Attributed[]) => all.map((row) => Number(row.getAttribute('data-offset'))));
}

/** Waits until an element's text fits, and returns it. */
export async function assertText(page: Page, selector: string, expected: RegExp | string): Promise<string> {
  let content = '';
  await waitFor(
    async () => {
      content = (await page.locator(selector).first().textContent()) ?? '';
      return typeof expected === 'string' ? content.includes(expected) : expected.test(content);
    },
    { what: `${selector} to say ${String(expected)}`, timeoutMs: 10_000, intervalMs: 50 },
  );
  return content;
}
