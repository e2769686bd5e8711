import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { waitFor } from './wait-for.js';
import { startWatchdog } from './watchdog.js';

/** A program in TypeScript that runs from source in a process of its own, and is gone with the test. */
export interface NodeProcess extends AsyncDisposable {
  readonly pid: number;
  /** What it said after `ready `. */
  readonly ready: string;
  /** All that it has written, the last of it where it was much. */
  readonly output: string;
  /** How it ended: an exit code, or a signal; undefined while it runs. */
  readonly end: number | NodeJS.Signals | undefined;
  /** Sends a signal. One that ends the process is awaited: SIGKILL, SIGTERM, SIGINT. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface NodeProcessOptions {
  args?: readonly string[];
  /** Beside the environment of this process. */
  env?: Readonly<Record<string, string>>;
  /** How long it may take to be ready; 60 s unless given. */
  timeoutMs?: number;
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const RUN = ['--enable-source-maps', '--disable-warning=ExperimentalWarning', './tools/run.mjs'];
const ENDING: readonly NodeJS.Signals[] = ['SIGKILL', 'SIGTERM', 'SIGINT'];
const MAX_OUTPUT = 256 * 1024;

/** Starts a file and resolves when it has written a line `ready …`. */
export async function startNodeProcess(file: URL, options: NodeProcessOptions = {}): Promise<NodeProcess> {
  const { args = [], env = {}, timeoutMs = 60_000 } = options;
  const child = spawn(process.execPath, [...RUN, fileURLToPath(file), ...args], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await once(child, 'spawn');
  const watchdog = startWatchdog(child.pid!);
  const output = collect(child);
  const end = (): NodeProcess['end'] => child.exitCode ?? child.signalCode ?? undefined;

  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    if (ENDING.includes(signal)) await exited(child);
  };
  const dispose = async () => {
    watchdog[Symbol.dispose]();
    await kill('SIGKILL');
  };

  try {
    const line = /^ready (.*)\n/m;
    await waitFor(() => end() !== undefined || line.test(output()), {
      timeoutMs,
      what: `${file.href} to be ready`,
    });
    const ready = line.exec(output())?.[1];
    if (ready === undefined)
      throw new Error(`It ended with ${String(end())} before it was ready:\n${output()}`);
    return {
      pid: child.pid!,
      ready,
      get output() {
        return output();
      },
      get end() {
        return end();
      },
      kill,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (part: string) => (text = (text + part).slice(-MAX_OUTPUT)));
  }
  return () => text;
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
