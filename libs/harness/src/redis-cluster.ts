import { parseInfo, redisCommand } from './redis-command.js';
import { type RedisServer, startRedis } from './redis-server.js';
import { onFreePort } from './server-process.js';
import { waitFor } from './wait-for.js';

/** A Redis Cluster of one test's own, on loopback, gone with the test. */
export interface RedisCluster extends AsyncDisposable {
  /** Where its first servers are, for a client. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  /** The server that owns the key's slot now. */
  masterOf(key: string): Promise<RedisServer>;
  /** All servers that own slots now. */
  masters(): Promise<RedisServer[]>;
  /** Kills a master, and resolves when a replica has taken its place and the cluster is whole again. */
  failover(master: RedisServer): Promise<void>;
  /** Has a master change places with its replica, which loses nothing; resolves when all servers know. */
  switchOver(master: RedisServer): Promise<void>;
}

export interface ClusterOptions {
  /** Default 3. */
  masters?: number;
  /** For each master. Default 1. */
  replicas?: number;
}

const SLOTS = 16_384;
/** A server's bus listens so far above it. */
const BUS_OFFSET = 10_000;
const PATIENCE = { timeoutMs: 15_000, intervalMs: 20 };

/** Starts a cluster, and resolves when it is whole and its replicas have caught up. */
export async function startRedisCluster({
  masters = 3,
  replicas = 1,
}: ClusterOptions = {}): Promise<RedisCluster> {
  const servers = await startServers(masters * (1 + replicas));
  const cluster = new Cluster(servers);
  try {
    await cluster.form(masters);
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

async function startServers(count: number): Promise<RedisServer[]> {
  const started = await Promise.allSettled(Array.from({ length: count }, startServer));
  const failed = started.find(({ status }) => status === 'rejected');
  const servers = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  if (failed === undefined) return servers;
  await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
  throw (failed as PromiseRejectedResult).reason;
}

function startServer(): Promise<RedisServer> {
  const cluster = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'];
  const quickSync = ['--repl-diskless-sync', 'yes', '--repl-diskless-sync-delay', '0'];
  const args = [...cluster, ...quickSync];
  return onFreePort((port) => startRedis({ port, args }), 65_535 - BUS_OFFSET);
}

class Cluster implements RedisCluster {
  readonly nodes;

  constructor(private readonly servers: readonly RedisServer[]) {
    this.nodes = servers.slice(0, 3).map(({ port }) => ({ host: '127.0.0.1', port }));
  }

  async form(count: number): Promise<void> {
    const masters = this.servers.slice(0, count);
    const ids = await Promise.all(this.servers.map(({ port }) => redisCommand(port, ['CLUSTER', 'MYID'])));
    await Promise.all(
      masters.map(async ({ port }, index) => {
        const [first, next] = [index, index + 1].map((n) => Math.round((SLOTS * n) / count));
        const slots = Array.from({ length: next! - first! }, (_, offset) => first! + offset);
        await redisCommand(port, ['CLUSTER', 'ADDSLOTS', ...slots]);
        await redisCommand(port, ['CLUSTER', 'SET-CONFIG-EPOCH', index + 1]);
      }),
    );
    const [first, ...others] = this.servers;
    for (const { port } of others) await redisCommand(port, ['CLUSTER', 'MEET', '127.0.0.1', first!.port]);
    await waitFor(() => this.all(async ({ port }) => hasMet(await knownNodes(port), ids.length)), PATIENCE);
    await Promise.all(
      this.servers
        .slice(count)
        .map(({ port }, index) => redisCommand(port, ['CLUSTER', 'REPLICATE', String(ids[index % count])])),
    );
    await this.whole(this.servers.length - count);
  }

  async masterOf(key: string): Promise<RedisServer> {
    const { port } = this.anyServer();
    const slot = Number(await redisCommand(port, ['CLUSTER', 'KEYSLOT', key]));
    const range = (await slotRanges(port)).find(({ from, to }) => from <= slot && slot <= to);
    return this.serverAt(range!.master);
  }

  async masters(): Promise<RedisServer[]> {
    const { port } = this.anyServer();
    return [...new Set((await slotRanges(port)).map(({ master }) => master))].map((at) => this.serverAt(at));
  }

  async failover(master: RedisServer): Promise<void> {
    await master.kill('SIGKILL');
    await this.replaced(master);
  }

  async switchOver(master: RedisServer): Promise<void> {
    // Masters vote for a replica of the same master only now and then: an election may be lost.
    for (let attempt = 1; ; attempt++) {
      await waitFor(() => this.replicaOf(master), { ...PATIENCE, what: 'a replica' });
      await redisCommand((await this.replicaOf(master))!, ['CLUSTER', 'FAILOVER']);
      try {
        return await this.replaced(master, 2_500);
      } catch (error) {
        if (attempt === 5) throw error;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.map((server) => server[Symbol.asyncDispose]()));
  }

  /** The port of one that is ready to take over. */
  private async replicaOf(master: RedisServer): Promise<number | undefined> {
    const nodes = await knownNodes(this.anyServer().port);
    const id = nodes.find(({ port }) => port === master.port)?.id;
    const replica = nodes.find(({ masterId, flags }) => masterId === id && !flags.includes('fail'));
    if (replica === undefined) return undefined;
    const info = parseInfo(await redisCommand(replica.port, ['INFO', 'replication']));
    return info['master_link_status'] === 'up' ? replica.port : undefined;
  }

  private async replaced(master: RedisServer, timeoutMs = PATIENCE.timeoutMs): Promise<void> {
    await waitFor(
      () =>
        this.all(
          async ({ port }) =>
            (await isWhole(port)) && (await slotRanges(port)).every((range) => range.master !== master.port),
        ),
      { ...PATIENCE, timeoutMs, what: 'a replica to take over' },
    );
  }

  private async whole(replicas: number): Promise<void> {
    await waitFor(
      async () => (await this.all(({ port }) => isWhole(port))) && (await this.syncedReplicas()) === replicas,
      { ...PATIENCE, what: 'the cluster to be whole' },
    );
  }

  private async syncedReplicas(): Promise<number> {
    const links = await Promise.all(
      this.servers.map(async ({ port }) => parseInfo(await redisCommand(port, ['INFO', 'replication']))),
    );
    return links.filter((info) => info['master_link_status'] === 'up').length;
  }

  /** Whether it holds for all servers that live. */
  private async all(condition: (server: RedisServer) => Promise<boolean>): Promise<boolean> {
    return (await Promise.all(this.living().map(condition))).every(Boolean);
  }

  private living(): RedisServer[] {
    return this.servers.filter(({ pid }) => isAlive(pid));
  }

  private anyServer(): RedisServer {
    return this.living()[0]!;
  }

  private serverAt(port: number): RedisServer {
    return this.servers.find((server) => server.port === port)!;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

interface KnownNode {
  id: string;
  port: number;
  flags: string;
  masterId: string;
}

async function knownNodes(at: number): Promise<KnownNode[]> {
  const lines = String(await redisCommand(at, ['CLUSTER', 'NODES']))
    .trim()
    .split('\n');
  return lines.map((line) => {
    const [id = '', address = '', flags = '', masterId = ''] = line.split(' ');
    return { id, port: Number(/:(\d+)@/.exec(address)![1]), flags, masterId };
  });
}

function hasMet(nodes: readonly KnownNode[], count: number): boolean {
  return nodes.length === count && !nodes.some(({ flags }) => flags.includes('handshake'));
}

async function isWhole(port: number): Promise<boolean> {
  const info = parseInfo(await redisCommand(port, ['CLUSTER', 'INFO']));
  return info['cluster_state'] === 'ok' && info['cluster_slots_ok'] === String(SLOTS);
}

interface SlotRange {
  from: number;
  to: number;
  master: number;
}

async function slotRanges(port: number): Promise<SlotRange[]> {
  type Reply = [from: number, to: number, master: [host: string, port: number]][];
  const ranges = (await redisCommand(port, ['CLUSTER', 'SLOTS'])) as Reply;
  return ranges.map(([from, to, [, master]]) => ({ from, to, master }));
}
