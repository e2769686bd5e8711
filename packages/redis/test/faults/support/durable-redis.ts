import { redisCommand, type RedisServer, startRedis } from '@nestwire/harness';
import type { Position } from '@nestwire/protocol';
import { mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseId } from '../../../src/entry-text.js';
import { Keys } from '../../../src/keys.js';

/** What is left of it after a crash: nothing, or what its append-only file holds, which is forced to disk every second or always. */
export type Persistence = 'nothing' | 'everysec' | 'always';

const KEYS = new Keys('nestwire:', 0);

/** A Redis that crashes and comes back on the same port, with what it has kept. */
export class DurableRedis implements AsyncDisposable {
  persistence: Persistence = 'nothing';

  private constructor(
    private server: RedisServer,
    private readonly directory: string,
  ) {}

  static async start(): Promise<DurableRedis> {
    const directory = await mkdtemp(join(tmpdir(), 'nestwire-durable-'));
    return new DurableRedis(await startRedis({ args: ['--dir', directory] }), directory);
  }

  get url(): string {
    return this.server.url;
  }

  get port(): number {
    return this.server.port;
  }

  command(...command: [string, ...(string | number)[]]): Promise<unknown> {
    return redisCommand(this.port, command);
  }

  async info(section: string): Promise<string> {
    return String(await this.command('INFO', section));
  }

  /** From now on this is what it keeps; it begins with nothing. */
  async keep(persistence: Persistence): Promise<void> {
    if (this.persistence === persistence) return;
    this.persistence = persistence;
    await this.server.kill('SIGKILL');
    await this.forget();
    await this.restart();
  }

  async crash(): Promise<void> {
    await this.server.kill('SIGKILL');
    if (this.persistence === 'nothing') await this.forget();
  }

  async restart(): Promise<void> {
    const { port } = this.server;
    await this.server[Symbol.asyncDispose]();
    this.server = await this.startOn(port);
  }

  /** It hangs: connections stay open, and are not answered. */
  stop(): Promise<void> {
    return this.server.kill('SIGSTOP');
  }

  proceed(): Promise<void> {
    return this.server.kill('SIGCONT');
  }

  /** Of a crashed one: the last bytes of its file had not reached the disk. Answers where each channel's log ends now. */
  async loseTail(bytes: number, channels: readonly string[]): Promise<Map<string, Position>> {
    const file = await this.newestFile();
    await truncate(file, Math.max(0, (await stat(file)).size - bytes));
    await using peek = await this.startOn(undefined);
    return new Map(
      await Promise.all(channels.map(async (channel) => [channel, await endOf(peek.port, channel)] as const)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true, force: true });
  }

  private startOn(port: number | undefined): Promise<RedisServer> {
    const { persistence, directory } = this;
    const keep = persistence === 'nothing' ? [] : ['--appendonly', 'yes', '--appendfsync', persistence];
    return startRedis({ ...(port === undefined ? {} : { port }), args: ['--dir', directory, ...keep] });
  }

  private async forget(): Promise<void> {
    for (const name of await readdir(this.directory)) {
      await rm(join(this.directory, name), { recursive: true, force: true });
    }
  }

  /** Where it appends: one file up to Redis 6, several in a directory since Redis 7. */
  private async newestFile(): Promise<string> {
    const names = await readdir(this.directory, { recursive: true });
    const numberOf = (name: string): number => Number(/\.(\d+)\.incr\.aof$/.exec(name)?.[1] ?? 0);
    const [newest] = names.filter((name) => name.endsWith('.aof')).sort((a, b) => numberOf(b) - numberOf(a));
    return join(this.directory, newest!);
  }
}

/** Where a channel's log ends, as a server has it; offset 0 of no epoch where it has none. */
export async function endOf(port: number, channel: string, options = {}): Promise<Position> {
  const [epoch, last] = (await redisCommand(port, ['HMGET', KEYS.log(channel), 'e', 'p'], options)) as (
    string | null
  )[];
  return parseId(epoch ?? '', last ?? '0-0');
}
