import { findProgram } from './find-program.js';
import { redisProgram } from './programs.js';
import { parseInfo, redisCommand } from './redis-command.js';
import { type RedisServer, startRedis } from './redis-server.js';
import { onFreePort, type ServerProcess, startServerProcess } from './server-process.js';
import { waitFor } from './wait-for.js';

/** A master, a replica and three Sentinels of one test's own, on loopback, gone with the test. */
export interface RedisSentinel extends AsyncDisposable {
  /** For a client: where the Sentinels are, and what they call the master. */
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  readonly name: string;
  readonly master: RedisServer;
  readonly replica: RedisServer;
  /** Kills the master, and resolves when the Sentinels have made the replica one. */
  killMaster(): Promise<void>;
}

const NAME = 'main';
const SENTINELS = 3;
const PATIENCE = { timeoutMs: 15_000, intervalMs: 20 };

/** Starts them, and resolves when the replica has caught up and the Sentinels know of it and of one another. */
export async function startSentinel(): Promise<RedisSentinel> {
  const started: ServerProcess[] = [];
  const keep = <Server extends ServerProcess>(server: Server): Server => {
    started.push(server);
    return server;
  };
  const dispose = async () => {
    await Promise.all(started.map((server) => server[Symbol.asyncDispose]()));
  };
  try {
    const quickSync = ['--repl-diskless-sync', 'yes', '--repl-diskless-sync-delay', '0'];
    const master = keep(await startRedis({ args: quickSync }));
    const replica = keep(
      await startRedis({ args: [...quickSync, '--replicaof', '127.0.0.1', String(master.port)] }),
    );
    await waitFor(async () => (await replication(replica))['master_link_status'] === 'up', PATIENCE);
    const sentinels = await Promise.all(
      Array.from({ length: SENTINELS }, async () => keep(await startOne(master.port))),
    );
    await waitFor(async () => (await Promise.all(sentinels.map(knowsAll))).every(Boolean), {
      ...PATIENCE,
      what: 'the Sentinels to know of one another',
    });
    return {
      name: NAME,
      sentinels: sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
      master,
      replica,
      killMaster: () => killMaster(master, replica, sentinels),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

interface Sentinel extends ServerProcess {
  readonly port: number;
}

async function startOne(masterPort: number): Promise<Sentinel> {
  const program = await findProgram(redisProgram);
  return onFreePort(async (port) => {
    const server = await startServerProcess({
      title: 'Sentinel',
      program,
      // It writes what it learns into its configuration.
      files: { 'sentinel.conf': configuration(port, masterPort) },
      args: (directory) => [`${directory}/sentinel.conf`, '--sentinel', '--dir', directory],
      readyText: '+monitor master',
    });
    return { ...server, port };
  });
}

function configuration(port: number, masterPort: number): string {
  return [
    `port ${port}`,
    'bind 127.0.0.1',
    `sentinel monitor ${NAME} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${NAME} 500`,
    `sentinel failover-timeout ${NAME} 3000`,
    '',
  ].join('\n');
}

async function knowsAll({ port }: Sentinel): Promise<boolean> {
  const flat = (await redisCommand(port, ['SENTINEL', 'MASTER', NAME], { protocol: 2 })) as string[];
  const value = (name: string) => Number(flat[flat.indexOf(name) + 1]);
  return value('num-slaves') === 1 && value('num-other-sentinels') === SENTINELS - 1;
}

async function killMaster(
  master: RedisServer,
  replica: RedisServer,
  sentinels: readonly Sentinel[],
): Promise<void> {
  await master.kill('SIGKILL');
  await waitFor(
    async () => {
      const named = await Promise.all(
        sentinels.map(({ port }) => redisCommand(port, ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME])),
      );
      const isNamed = named.every((address) => Number((address as string[])[1]) === replica.port);
      return isNamed && (await replication(replica))['role'] === 'master';
    },
    { ...PATIENCE, what: 'the replica to be made the master' },
  );
}

async function replication({ port }: RedisServer): Promise<Record<string, string>> {
  return parseInfo(await redisCommand(port, ['INFO', 'replication']));
}
