import type { Redis } from 'ioredis';
import { failureOf } from './redis-errors.js';
import { Script } from './script.js';

/** Most calls that go out as one. */
const MAX_CALLS = 250;

type Values = readonly (string | number)[];

interface Call {
  readonly keys: readonly string[];
  readonly args: Values;
  readonly resolve: (reply: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A script whose calls of one turn of the event loop go out as one, where one server has the keys of all: when many clients come at once,
 * most of what a small question costs, here and in Redis, is the call. Each call has as many keys, and as many arguments, as any other, and
 * does no harm where it is run twice.
 */
export class GatheredScript extends Script {
  private readonly waiting = new Map<Redis, Call[]>();

  /** Runs it for this call alone: for servers of a cluster, where a call has the keys of one slot. */
  async alone<Reply>(client: Redis, keys: readonly string[], args: Values): Promise<Reply> {
    const [reply] = await this.run<[Reply]>(client, keys, [1, ...args]);
    return reply;
  }

  gather<Reply>(client: Redis, keys: readonly string[], args: Values): Promise<Reply> {
    return new Promise<Reply>((resolve, reject) => {
      let calls = this.waiting.get(client);
      if (calls === undefined) {
        this.waiting.set(client, (calls = []));
        setImmediate(() => this.flush(client));
      }
      calls.push({ keys, args, resolve, reject });
    });
  }

  /** The last part is what is run for each; those before it are there for all. */
  protected override assemble(parts: readonly string[]): string {
    return `${parts.slice(0, -1).join('\n')}
local function run(KEYS, ARGV)
${parts.at(-1)}
end
local keys_each, args_each = #KEYS / ARGV[1], (#ARGV - 1) / ARGV[1]
local replies = {}
for i = 0, ARGV[1] - 1 do
  local keys, args = {}, {}
  for k = 1, keys_each do keys[k] = KEYS[i * keys_each + k] end
  for a = 1, args_each do args[a] = ARGV[1 + i * args_each + a] end
  replies[i + 1] = run(keys, args)
end
return replies`;
  }

  private flush(client: Redis): void {
    const calls = this.waiting.get(client)!;
    this.waiting.delete(client);
    for (let i = 0; i < calls.length; i += MAX_CALLS) void this.send(client, calls.slice(i, i + MAX_CALLS));
  }

  private async send(client: Redis, calls: readonly Call[]): Promise<void> {
    const keys = calls.flatMap((call) => call.keys);
    const args = calls.flatMap((call) => call.args);
    try {
      const replies = await this.run<never[]>(client, keys, [calls.length, ...args]);
      calls.forEach(({ resolve }, index) => resolve(replies[index]!));
    } catch (error) {
      // One key's trouble is not to be the others'.
      if (calls.length > 1 && failureOf(error) === 'final')
        for (const call of calls) void this.send(client, [call]);
      else for (const { reject } of calls) reject(error);
    }
  }
}
