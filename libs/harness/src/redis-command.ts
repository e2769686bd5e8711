import { Redis, type RedisOptions } from 'ioredis';

/** Asks a Redis one thing, over a connection of its own. */
export async function redisCommand(
  port: number,
  command: readonly [string, ...(string | number)[]],
  options: RedisOptions = {},
): Promise<unknown> {
  const [name, ...args] = command;
  const client = new Redis({
    port,
    host: '127.0.0.1',
    lazyConnect: true,
    retryStrategy: () => null,
    ...options,
  });
  // What goes wrong is the command's to tell.
  client.on('error', () => {});
  try {
    return await client.call(name, ...args);
  } finally {
    client.disconnect();
  }
}

/** The lines `name:value` of an INFO or CLUSTER INFO. */
export function parseInfo(text: unknown): Record<string, string> {
  const lines = String(text).split('\r\n');
  return Object.fromEntries(lines.filter((line) => line.includes(':')).map((line) => cut(line)));
}

function cut(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1)];
}
