import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@nestwire/harness';
import { extract, fileOf } from './extract.js';
import type { Block } from './markdown.js';
import { type Page, root } from './pages.js';
import { type Program, start } from './program.js';

/** The address that pages give for an application. */
const WRITTEN = 'localhost:3000';
const SERVER = fileURLToPath(new URL('./serve.mjs', import.meta.url));
const BROWSER = fileURLToPath(new URL('./preload-client.mjs', import.meta.url));

/** The workspace's packages as they are written, not as they were built last. */
const FROM_SOURCE = ['--import', './tools/ts.mjs', '--conditions=@nestwire/source'];

/** What the process of the applications says of one. */
interface Started {
  readonly folder: string;
  readonly port?: number;
  readonly error?: string;
}

/** The applications of pages, made of the pages' own code, and their clients. */
export class Examples implements AsyncDisposable {
  private readonly programs: Program[] = [];

  private constructor(
    readonly server: Program,
    private readonly folders: ReadonlyMap<Page, string>,
    private readonly started: ReadonlyMap<string, Started>,
  ) {
    this.programs.push(server);
  }

  static async start(pages: readonly Page[], into: string): Promise<Examples> {
    const folders = new Map(pages.map((page) => [page, extract(page, into)]));
    const server = serve([...folders.values()]);
    const started = new Map<string, Started>();
    server.child.on('message', (message: Started) => started.set(message.folder, message));
    await waitFor(() => server.hasEnded() || started.size === folders.size, {
      timeoutMs: 50_000,
      what: 'the applications of all pages to start',
    });
    return new Examples(server, folders, started);
  }

  /** Runs a block of `bash` or `js` to its end; one that listens, until it is ready. */
  async run(page: Page, block: Block, { listens }: { listens: boolean }): Promise<Program> {
    const folder = this.folders.get(page)!;
    const host = this.hostOf(page);
    const client = block.language === 'bash' ? shell(block, folder, host) : script(block, folder, host);
    this.programs.push(client);
    const isReady = listens ? () => client.stdout() + client.stderr() !== '' : () => client.hasEnded();
    await waitFor(() => isReady() || client.hasEnded(), {
      timeoutMs: 10_000,
      what: `line ${block.line} of ${page.path} to ${listens ? 'listen' : 'end'}`,
    });
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.programs) await program[Symbol.asyncDispose]();
  }

  private hostOf(page: Page): string {
    const { port, error = this.server.stderr() } = this.started.get(this.folders.get(page)!) ?? {};
    if (port === undefined) throw new Error(`the application of ${page.path} does not start: ${error}`);
    return `localhost:${port}`;
  }
}

function serve(folders: readonly string[]): Program {
  const args = ['--enable-source-maps', ...FROM_SOURCE, SERVER, ...folders];
  const env = { ...process.env, PORT: '0', NODE_ENV: 'development' };
  return start(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
}

function shell({ code }: Block, cwd: string, host: string): Program {
  return start('bash', ['-eu', '-c', code.replaceAll(WRITTEN, host)], { cwd });
}

function script(block: Block, folder: string, host: string): Program {
  const args = [...FROM_SOURCE, '--import', BROWSER, join(folder, fileOf(block))];
  const env = { ...process.env, PAGE_URL: `http://${host}/` };
  return start(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
}
