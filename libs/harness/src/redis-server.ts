import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './find-program.js';
import { freePort } from './free-port.js';
import { redisProgram } from './programs.js';
import { waitFor } from './wait-for.js';
import { startWatchdog } from './watchdog.js';

/** A Redis of one test's own: empty, on loopback, gone with the test. */
export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Sends a signal: SIGKILL for a crash, SIGSTOP and SIGCONT for one that hangs. A crash is awaited. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface RedisOptions {
  /** More of Redis's own arguments: `['--maxmemory', '10mb']`. */
  args?: string[];
  /** Where to listen, to come back where an earlier one was; a free port unless given. */
  port?: number;
}

/** Between asking for a free port and listening on it, someone else may have taken it. */
const PORT_ATTEMPTS = 5;

/** Starts a Redis and resolves when it accepts connections. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const program = await findProgram(redisProgram);
  if (options.port !== undefined) return startOn(program, options.port, options);
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOn(program, await freePort(), options);
    } catch (error) {
      if (attempt === PORT_ATTEMPTS || !String(error).includes('Address already in use')) throw error;
    }
  }
}

async function startOn(program: string, port: number, { args = [] }: RedisOptions): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'nestwire-redis-'));
  const logFile = join(directory, 'redis.log');
  const child = await spawnLogged(program, [...settings(port, directory), ...args], logFile);
  const pid = child.pid!;
  const watchdog = startWatchdog(pid, directory);

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
    await started(child, logFile);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { url: `redis://127.0.0.1:${port}`, port, pid, kill, [Symbol.asyncDispose]: dispose };
}

function settings(port: number, directory: string): string[] {
  const listen = ['--port', String(port), '--bind', '127.0.0.1'];
  const keepNothing = ['--save', '', '--appendonly', 'no', '--dir', directory];
  return [...listen, ...keepNothing];
}

/** A log file needs nobody to read it, as a pipe would, and keeps no test run alive. */
async function spawnLogged(program: string, args: string[], logFile: string): Promise<ChildProcess> {
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
 * Redis's own word is taken, and no PING sent: where another server has the port, that one might answer. Once Redis
 * has said it, a PING is answered.
 */
async function started(child: ChildProcess, logFile: string): Promise<void> {
  const log = await waitFor(
    async () => {
      const hasEnded = child.exitCode !== null;
      const text = await readFile(logFile, 'utf8');
      return (hasEnded || text.includes('Ready to accept connections')) && text;
    },
    { timeoutMs: 15_000, what: 'Redis to be ready' },
  );
  if (child.exitCode !== null) throw new Error(`Redis did not start:\n${log}`);
}
