// Module hooks for tools/ts.mjs. Both functions are synchronous, so that they serve register and registerHooks alike.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { swcOptions } from './swc-options.mjs';

const require = createRequire(import.meta.url);
/** What has been transformed is kept: the tests start a hundred processes, and each would do it again. jest-global-setup.mjs removes what is old. */
export const CACHE = fileURLToPath(new URL('../node_modules/.cache/nestwire-ts/', import.meta.url));
const VERSION = require('@swc/core/package.json').version + JSON.stringify(swcOptions);
mkdirSync(CACHE, { recursive: true });

/** TypeScript names the output in its imports, `./x.js`; the file that is there is `./x.ts`. */
export function resolve(specifier, context, nextResolve) {
  if (/^\.{1,2}\/.*\.js$/.test(specifier) && context.parentURL?.endsWith('.ts')) {
    const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(source)) return nextResolve(source.href, context);
  }
  return nextResolve(specifier, context);
}

export function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  return { format: 'module', source: transformed(fileURLToPath(url)), shortCircuit: true };
}

export function transformed(filename) {
  const text = readFileSync(filename, 'utf8');
  const key = createHash('sha1').update(`${VERSION}\n${filename}\n${text}`).digest('hex');
  const kept = `${CACHE}${key}.mjs`;
  if (existsSync(kept)) return readFileSync(kept, 'utf8');
  const { code } = require('@swc/core').transformSync(text, {
    ...swcOptions,
    filename,
    sourceMaps: 'inline',
  });
  // Others may read it at the same time.
  const own = `${kept}.${process.pid}`;
  writeFileSync(own, code);
  renameSync(own, kept);
  return code;
}
