import { existsSync, readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { createRequire } from 'node:module';
import { execFileSync } from 'node:child_process';
import { findProgram, redisProgram } from '@nestwire/harness';

const PACKAGES = [
  '@nestjs/core',
  'socket.io',
  '@socket.io/redis-adapter',
  '@socket.io/redis-streams-adapter',
  'better-sse',
  'ws',
  'ioredis',
];

/** What it ran on. */
export async function machine(): Promise<Record<string, string>> {
  const processors = cpus();
  return {
    Processor: `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}`,
    Memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    System: `Linux ${release()}`,
    'Node.js': process.version,
    Redis: await redisVersion(),
    ...Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
  };
}

async function redisVersion(): Promise<string> {
  const text = execFileSync(await findProgram(redisProgram), ['--version'], { encoding: 'utf8' });
  return /v=(\S+)/.exec(text)?.[1] ?? text.trim();
}

/** Not every package lets its package.json be required. */
function versionOf(name: string): string {
  const file = createRequire(import.meta.url)
    .resolve.paths(name)!
    .map((folder) => `${folder}/${name}/package.json`)
    .find((path) => existsSync(path));
  return file === undefined
    ? 'unknown'
    : (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
