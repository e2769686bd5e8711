// Bundles the client as a page gets it, and holds its core to a size. What is loaded when it is used is a chunk of its own.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const MAX_BYTES = 12 * 1024;

const { outputFiles, metafile } = await build({
  stdin: {
    contents: "export { createRealtimeClient } from '@nestwire/client';",
    resolveDir: fileURLToPath(new URL('../packages/client', import.meta.url)),
  },
  external: ['socket.io-client', 'idb-keyval'],
  conditions: ['@nestwire/source'],
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  outdir: 'size',
  chunkNames: 'later-[hash]',
  metafile: true,
  write: false,
  logLevel: 'warning',
});

/** The core, and what it imports before it runs. */
const core = new Set(['size/stdin.js']);
for (const name of core) {
  for (const { path, kind } of metafile.outputs[name].imports)
    if (kind === 'import-statement') core.add(path);
}
const inputs = [...core].flatMap((name) => Object.keys(metafile.outputs[name].inputs));
const stray = inputs.find((input) => /node_modules\//.test(input));
const bytes = outputFiles
  .filter(({ path }) => [...core].some((name) => path.endsWith(name)))
  .reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);

console.log(`@nestwire/client: ${bytes} of ${MAX_BYTES} bytes, gzipped`);
if (stray !== undefined) console.error(`${stray} is loaded before it is used`);
if (bytes > MAX_BYTES) console.error('that is too much');
if (stray !== undefined || bytes > MAX_BYTES) process.exitCode = 1;
