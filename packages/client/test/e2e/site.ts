import {
  launchBrowser,
  type NodeProcess,
  type Proxy,
  type RedisServer,
  startNodeProcess,
  startProxy,
  startRedis,
  waitFor,
} from '@nestwire/harness';
import { build } from 'esbuild';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

type Browser = Awaited<ReturnType<typeof launchBrowser>>;
type BrowserPage = Awaited<ReturnType<Browser['newPage']>>;

/** What `page/page.ts` says of itself. */
export interface Look {
  readonly status: string;
  readonly reason: string;
  readonly transport?: string;
  readonly heard: readonly number[];
  readonly notices: readonly string[];
  readonly states: readonly string[];
  readonly seen: readonly string[];
  /** What came for the user alone. */
  readonly told: readonly number[];
  readonly note?: Readonly<Record<string, unknown>>;
}

interface Visit {
  readonly origin?: string;
  readonly beside?: Tab;
  readonly user?: string;
  /** The name of a queue that outlives the page. */
  readonly queue?: string;
  readonly script?: string;
}

/** A page in the browser, asked by what `page/page.ts` offers. */
export class Tab {
  /** How often it has opened a socket of its own. */
  sockets = 0;
  /** How often it has opened a stream of its own. */
  streams = 0;

  constructor(readonly page: BrowserPage) {
    page.on('websocket', () => (this.sockets += 1));
    page.on('request', (request) => {
      if (request.url().includes('/realtime/sse')) this.streams += 1;
    });
  }

  look(): Promise<Look> {
    return this.page.evaluate('look()');
  }

  write(fields: object): Promise<string> {
    return this.page.evaluate(`write(${JSON.stringify(fields)})`);
  }

  /** Claims while there is no connection; resolves when that is kept beyond the page. */
  async claimLater(id: string): Promise<void> {
    await this.page.evaluate(`disconnect(); void claim(${JSON.stringify(id)})`);
    await waitFor(async () => (await this.page.evaluate<number>('stored()')) > 0);
  }

  claim(id: string): Promise<string> {
    return this.page.evaluate(`claim(${JSON.stringify(id)})`);
  }
}

/** A server with Redis, a bad network before it, and a browser. The client is bundled as an application would. */
export class Site implements AsyncDisposable {
  private constructor(
    private readonly folder: string,
    private readonly redis: RedisServer,
    private server: NodeProcess,
    readonly proxy: Proxy,
    private readonly browser: Browser,
  ) {}

  static async start(): Promise<Site> {
    const folder = await mkdtemp(join(tmpdir(), 'nestwire-page-'));
    const [redis, browser] = await Promise.all([startRedis(), launchBrowser(), bundle(folder)]);
    const server = await serve(folder, redis, '0');
    return new Site(folder, redis, server, await startProxy({ to: Number(server.ready) }), browser);
  }

  /** Opens a page of a visitor of its own, or of one who is there already; `script` runs before the page's own. */
  async open({ origin, beside, user, queue, script }: Visit = {}): Promise<Tab> {
    const context = beside?.page.context() ?? (await this.browser.newContext());
    const tab = new Tab(await context.newPage());
    if (script !== undefined) await tab.page.addInitScript(script);
    const query = new URLSearchParams({ ...(user && { user }), ...(queue && { queue }) });
    await tab.page.goto(`${origin ?? `http://127.0.0.1:${this.proxy.port}`}/index.html?${query}`);
    return tab;
  }

  async closeTabs(): Promise<void> {
    await Promise.all(this.browser.contexts().map((context) => context.close()));
  }

  get directUrl(): string {
    return `http://127.0.0.1:${this.server.ready}`;
  }

  /** Past the bad network. */
  async publish(...items: number[]): Promise<void> {
    for (const item of items) await this.post(`publish/${item}`);
  }

  async tell(user: string, ...items: number[]): Promise<void> {
    for (const item of items) await this.post(`publish/to/${user}/${item}`);
  }

  /** What was claimed of the server that runs now. */
  async claims(): Promise<string[]> {
    const response = await fetch(`${this.directUrl}/publish/claims`);
    return (await response.json()) as string[];
  }

  killServer(): Promise<void> {
    return this.server.kill('SIGKILL');
  }

  /** Another one, where the first was. */
  async startServer(): Promise<void> {
    const { ready: port } = this.server;
    await this.server[Symbol.asyncDispose]();
    this.server = await serve(this.folder, this.redis, port);
  }

  private async post(path: string): Promise<void> {
    const { status } = await fetch(`${this.directUrl}/${path}`, { method: 'POST' });
    if (status !== 201) throw new Error(`${path} was answered with ${status}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    await this.proxy[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    await this.redis[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true });
  }
}

function serve(folder: string, redis: RedisServer, port: string): Promise<NodeProcess> {
  return startNodeProcess(new URL('./server.ts', import.meta.url), {
    env: { PORT: port, REDIS_URL: redis.url, PAGE: folder },
  });
}

async function bundle(folder: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL('./page/page.ts', import.meta.url))],
    conditions: ['@nestwire/source'],
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    outdir: folder,
    logLevel: 'warning',
  });
  await writeFile(join(folder, 'index.html'), '<!doctype html><script type="module" src="page.js"></script>');
}
