import { execFile } from 'node:child_process';
import { chown, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from './find-program.js';
import { postgresProgram } from './programs.js';
import { onFreePort, startServerProcess } from './server-process.js';

const run = promisify(execFile);

/** A PostgreSQL of one test's own: empty, on loopback, gone with the test. */
export interface PostgresServer extends AsyncDisposable {
  readonly url: string;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Starts a PostgreSQL and resolves when it accepts connections. As root it runs as the user `postgres`, for it refuses root. */
export async function startPostgres(): Promise<PostgresServer> {
  const initdb = await realpath(await findProgram(postgresProgram));
  const data = await mkdtemp(join(tmpdir(), 'nestwire-postgres-'));
  const as = await otherUser(data);
  try {
    const cluster = ['--pgdata', data, '--auth', 'trust', '--username', 'test', '--no-sync', '--locale', 'C'];
    await as.run(initdb, cluster);
    return await onFreePort((port) => startOn(as, join(dirname(initdb), 'postgres'), data, port));
  } catch (error) {
    await rm(data, { recursive: true, force: true });
    throw error;
  }
}

interface OtherUser {
  run(program: string, args: readonly string[]): Promise<unknown>;
  wrap(program: string, args: readonly string[]): [string, ...string[]];
}

async function otherUser(directory: string): Promise<OtherUser> {
  const isRoot = userInfo().uid === 0;
  const [uid, gid] = isRoot ? await idsOf('postgres') : [0, 0];
  if (isRoot) await chown(directory, uid, gid);
  const wrap = (program: string, args: readonly string[]): [string, ...string[]] =>
    isRoot
      ? ['/usr/bin/setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', program, ...args]
      : [program, ...args];
  return {
    wrap,
    run: (program, args) => {
      const [first, ...rest] = wrap(program, args);
      return run(first, rest, { cwd: directory });
    },
  };
}

async function idsOf(user: string): Promise<[number, number]> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => (await run('id', [flag, user])).stdout),
  );
  return [Number(uid), Number(gid)];
}

async function startOn(as: OtherUser, postgres: string, data: string, port: number): Promise<PostgresServer> {
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'];
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  const [program, ...wrapped] = as.wrap(postgres, args);
  const server = await startServerProcess({
    title: 'PostgreSQL',
    program,
    args: () => wrapped,
    readyText: 'database system is ready to accept connections',
  });
  return {
    url: `postgres://test@127.0.0.1:${port}/postgres`,
    kill: (signal) => server.kill(signal),
    [Symbol.asyncDispose]: async () => {
      // Its own children end with it when it is asked to; killed, they would linger.
      await server.kill('SIGTERM');
      await server[Symbol.asyncDispose]();
      await rm(data, { recursive: true, force: true });
    },
  };
}
