import { parseInfo, redisCommand } from '@nestwire/harness';

/** The clients of a server by their names, but for the one that asks. */
export async function clientNames(port: number): Promise<string[]> {
  const list = String(await redisCommand(port, ['CLIENT', 'LIST']));
  // Redis 6.2 says `cmd=client`, later ones `cmd=client|list`.
  const lines = list.split('\n').filter((line) => line !== '' && !/ cmd=client\b/.test(line));
  return lines.map((line) => / name=(\S*)/.exec(line)![1]!).sort();
}

/** Whether it has sharded pub/sub, which came with Redis 7.0. */
export async function canShard(port: number): Promise<boolean> {
  const { redis_version: version } = parseInfo(await redisCommand(port, ['INFO', 'server']));
  return Number.parseInt(version!) >= 7;
}

/** What a server counts. */
export interface Counts {
  /** Calls by command, those within scripts too. */
  readonly calls: Readonly<Record<string, number>>;
  /** How often it has read from a connection. */
  readonly reads: number;
}

/** Counts from here; what is returned tells what was counted. */
export async function count(port: number): Promise<() => Promise<Counts>> {
  await redisCommand(port, ['CONFIG', 'RESETSTAT']);
  return async () => {
    const stats = parseInfo(await redisCommand(port, ['INFO', 'commandstats']));
    const { total_reads_processed: reads } = parseInfo(await redisCommand(port, ['INFO', 'stats']));
    const calls = Object.entries(stats).map(([name, text]) => [
      name.replace('cmdstat_', ''),
      Number(/calls=(\d+)/.exec(text)![1]),
    ]);
    return { calls: Object.fromEntries(calls) as Record<string, number>, reads: Number(reads) };
  };
}
