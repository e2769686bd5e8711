import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { waitFor } from './wait-for.js';
import { startWatchdog } from './watchdog.js';

/** A program that listens, in a directory of its own that goes with it. */
export interface ServerProcess extends AsyncDisposable {
  readonly pid: number;
  /** Sends a signal: SIGKILL for a crash, SIGSTOP and SIGCONT for one that hangs. A crash is awaited. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface ServerProgram {
  /** What people call it: "Redis". */
  readonly title: string;
  /** Path of the program. */
  readonly program: string;
  /** Its arguments, where this is its directory. */
  readonly args: (directory: string) => readonly string[];
  /** Files that it finds in its directory: name to content. */
  readonly files?: Readonly<Record<string, string>>;
  /** What it says when it is ready. */
  readonly readyText: string;
}

/** Between asking for a free port and listening on it, someone else may have taken it. */
const PORT_ATTEMPTS = 5;

/** Starts what listens on a port on a free one, no higher than `highest`. */
export async function onFreePort<T>(start: (port: number) => Promise<T>, highest = 65_535): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePortUpTo(highest));
    } catch (error) {
      if (attempt === PORT_ATTEMPTS || !String(error).includes('Address already in use')) throw error;
    }
  }
}

async function freePortUpTo(highest: number): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (port <= highest) return port;
  }
}

/** Starts a program and resolves when it says that it is ready. */
export async function startServerProcess(server: ServerProgram): Promise<ServerProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'nestwire-server-'));
  for (const [name, content] of Object.entries(server.files ?? {}))
    await writeFile(join(directory, name), content);
  const logFile = join(directory, 'output.log');
  const child = await spawnLogged(server.program, server.args(directory), logFile);
  const watchdog = startWatchdog(child.pid!, directory);

  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await exited(child);
  };
  const dispose = async () => {
    watchdog[Symbol.dispose]();
    await kill('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  };

  try {
    await started(child, logFile, server);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { pid: child.pid!, kill, [Symbol.asyncDispose]: dispose };
}

/** A log file needs nobody to read it, as a pipe would, and keeps no test run alive. */
async function spawnLogged(program: string, args: readonly string[], logFile: string): Promise<ChildProcess> {
  await using log = await open(logFile, 'a');
  const child = spawn(program, args, { stdio: ['ignore', log.fd, log.fd] });
  await once(child, 'spawn');
  child.unref();
  return child;
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  await once(child, 'exit');
}

/**
 * The program's own word is taken, and it is asked nothing: where another server has the port, that one might answer.
 */
async function started(
  child: ChildProcess,
  logFile: string,
  { title, readyText }: ServerProgram,
): Promise<void> {
  const log = await waitFor(
    async () => {
      const hasEnded = child.exitCode !== null;
      const text = await readFile(logFile, 'utf8');
      return (hasEnded || text.includes(readyText)) && text;
    },
    { timeoutMs: 15_000, what: `${title} to be ready` },
  );
  if (child.exitCode !== null) throw new Error(`${title} did not start:\n${log}`);
}
