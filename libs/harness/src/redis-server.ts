import { findProgram } from './find-program.js';
import { redisProgram } from './programs.js';
import { onFreePort, type ServerProcess, startServerProcess } from './server-process.js';

/** A Redis of one test's own: empty, on loopback, gone with the test. */
export interface RedisServer extends ServerProcess {
  readonly url: string;
  readonly port: number;
}

export interface RedisOptions {
  /** More of Redis's own arguments: `['--maxmemory', '10mb']`. */
  args?: string[];
  /** Where to listen, to come back where an earlier one was; a free port unless given. */
  port?: number;
}

/** Starts a Redis and resolves when it accepts connections. */
export async function startRedis({ args = [], port }: RedisOptions = {}): Promise<RedisServer> {
  const program = await findProgram(redisProgram);
  const start = (at: number) => startOn(program, at, args);
  return port === undefined ? onFreePort(start) : start(port);
}

/** Once Redis has said that it is ready, a PING is answered. */
async function startOn(program: string, port: number, args: readonly string[]): Promise<RedisServer> {
  const redis = await startServerProcess({
    title: 'Redis',
    program,
    args: (directory) => [...settings(port, directory), ...args],
    readyText: 'Ready to accept connections',
  });
  return { ...redis, url: `redis://127.0.0.1:${port}`, port };
}

function settings(port: number, directory: string): string[] {
  const listen = ['--port', String(port), '--bind', '127.0.0.1'];
  const keepNothing = ['--save', '', '--appendonly', 'no', '--dir', directory];
  return [...listen, ...keepNothing];
}
