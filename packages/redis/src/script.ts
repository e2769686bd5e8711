import type { Redis } from 'ioredis';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { described } from './redis-errors.js';

/** A Lua script, sent by its hash, and in full where the server does not know it (any more). */
export class Script {
  private readonly source: string;
  private readonly sha: string;

  /** `parts` are the files' names in `lua/`, put together in this order, each with the parts that it includes where they are named. */
  constructor(...parts: string[]) {
    this.source = withConstants(this.assemble(parts.map(textOf)));
    this.sha = createHash('sha1').update(this.source).digest('hex');
  }

  protected assemble(parts: readonly string[]): string {
    return parts.join('\n');
  }

  /** One round trip; two where the server has to be told the script. A script that is not known has not run. */
  async run<Reply>(
    client: Redis,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<Reply> {
    try {
      return (await client.evalsha(this.sha, keys.length, ...keys, ...args)) as Reply;
    } catch (error) {
      if (!described(error).message.startsWith('NOSCRIPT')) throw error;
      return (await client.eval(this.source, keys.length, ...keys, ...args)) as Reply;
    }
  }
}

/** A line `--- @include NAME` stands for the lines of that file. */
function textOf(name: string): string {
  const text = readFileSync(new URL(`../lua/${name}.lua`, import.meta.url), 'utf8');
  return text.replaceAll(/^ *--- @include (\S+)$/gm, (_line, included: string) => textOf(included));
}

/** Constants are put where they are used: a local that a function refers to is allocated anew each time that the script runs. */
function withConstants(source: string): string {
  const constants = new Map<string, string>();
  const rest = source.replaceAll(/^local ([A-Z_]+) = (\d+)$/gm, (_line, name: string, value: string) => {
    constants.set(name, value);
    return '';
  });
  return rest.replaceAll(/\b[A-Z_]+\b/g, (name) => constants.get(name) ?? name);
}
