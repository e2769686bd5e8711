// Jest would read a global setup in TypeScript as CommonJS, so this one takes it in through our own hooks.
import './ts.mjs';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundled } from './bundle.mjs';
import { CACHE } from './ts-hooks.mjs';

/** Has nearly all of ours in it. */
const LARGE = fileURLToPath(new URL('../packages/redis/test/faults/support/node.app.ts', import.meta.url));
const WEEK_MS = 7 * 24 * 60 * 60_000;

export default async function setup() {
  forgetUnused();
  const { installPrograms } = await import('../libs/harness/src/install-programs.ts');
  await installPrograms();
  // The first processes of the first tests would each transform the same hundreds of files, all at once.
  await bundled(LARGE);
}

/** Another run may do it at the same time. Where the file system does not note reads, the time is that of the writing. */
function forgetUnused() {
  const oldest = Date.now() - WEEK_MS;
  for (const name of readdirSync(CACHE)) {
    const file = CACHE + name;
    if (statSync(file, { throwIfNoEntry: false })?.atimeMs < oldest) rmSync(file, { force: true });
  }
}
