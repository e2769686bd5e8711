// Bundles the client as a page gets it, and holds its core to a size: one file, without what is loaded when it is used.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const MAX_BYTES = 12 * 1024;

/** What a dynamic import names stays outside: how a bundler cuts files, and what they share, is its own affair. */
const later = {
  name: 'later',
  setup: ({ onResolve }) =>
    onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    ),
};

const { outputFiles, metafile } = await build({
  stdin: {
    contents: "export { createRealtimeClient } from '@nestwire/client';",
    resolveDir: fileURLToPath(new URL('../packages/client', import.meta.url)),
  },
  plugins: [later],
  conditions: ['@nestwire/source'],
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  metafile: true,
  write: false,
  logLevel: 'warning',
});

const stray = Object.keys(metafile.inputs).find((input) => /node_modules\//.test(input));
const bytes = gzipSync(outputFiles[0].contents, { level: 9 }).length;

console.log(`@nestwire/client: ${bytes} of ${MAX_BYTES} bytes, gzipped`);
if (stray !== undefined) console.error(`${stray} is loaded before it is used`);
if (bytes > MAX_BYTES) console.error('that is too much');
if (stray !== undefined || bytes > MAX_BYTES) process.exitCode = 1;
