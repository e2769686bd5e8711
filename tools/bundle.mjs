// Makes one file of a program in TypeScript and of all of ours that it imports, for run.mjs.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CACHE, transformed } from './ts-hooks.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** These make a bundle what it is, beside its sources. */
const TOOLS = ['bundle.mjs', 'ts-hooks.mjs', 'swc-options.mjs'].map((name) => join(ROOT, 'tools', name));

/** The path of a module that is the program and all of ours that it imports; with `isBuilt` the packages stay outside, as they are built. */
export async function bundled(entry, { isBuilt = false } = {}) {
  const path = join(CACHE, `${hash(entry)}${isBuilt ? '.built' : ''}.run.mjs`);
  if (existsSync(path) && isCurrent(readFileSync(path, 'utf8'))) return path;
  // Others may build and read it at the same time.
  writeFileSync(`${path}.${process.pid}`, await build(entry, isBuilt));
  renameSync(`${path}.${process.pid}`, path);
  return path;
}

/** Its first line names the files that it is made of, and what was in them. */
function isCurrent(text) {
  const inputs = JSON.parse(text.slice(2, text.indexOf('\n')));
  return inputs.every(([path, digest]) => existsSync(path) && hash(readFileSync(path)) === digest);
}

async function build(entry, isBuilt) {
  const esbuild = await import('esbuild');
  const { metafile, outputFiles } = await esbuild.build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: isBuilt ? [] : ['@nestwire/source'],
    keepNames: true,
    sourcemap: 'inline',
    sourcesContent: false,
    absWorkingDir: ROOT,
    metafile: true,
    write: false,
    logLevel: 'warning',
    plugins: [{ name: 'ours', setup: (hooks) => setup(hooks, isBuilt ? /^file:/ : /^(@nestwire\/|file:)/) }],
  });
  const files = [...Object.keys(metafile.inputs).map((path) => resolve(ROOT, path)), ...TOOLS];
  const inputs = files.map((path) => [path, hash(readFileSync(path))]);
  return `//${JSON.stringify(inputs)}\n${outputFiles[0].text}`;
}

function setup({ onLoad, onResolve }, ours) {
  onResolve({ filter: /^file:/ }, ({ path }) => ({ path: fileURLToPath(path) }));
  onResolve({ filter: /^[^./]/ }, ({ path, kind, resolveDir }) =>
    kind === 'entry-point' || ours.test(path) ? undefined : theirs(path, resolveDir),
  );
  // TypeScript names the output in its imports, `./x.js`; the file that is there is `./x.ts`.
  onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ path, resolveDir }) => {
    const source = resolve(resolveDir, path.replace(/\.js$/, '.ts'));
    return existsSync(source) ? { path: source } : undefined;
  });
  onLoad({ filter: /\.ts$/ }, ({ path }) => ({
    contents: transformed(path).replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
    loader: 'js',
  }));
}

/** A dependency stays outside; where a package of ours has a copy of its own, that one. */
function theirs(specifier, from) {
  const [name] = /^(@[^/]+\/)?[^/]+/.exec(specifier);
  const copies = createRequire(join(from, 'x.js')).resolve.paths(specifier) ?? [];
  const directory = copies.find((each) => existsSync(join(each, name, 'package.json')));
  const isOwn = directory !== undefined && directory !== join(ROOT, 'node_modules');
  return { external: true, path: isOwn ? createRequire(join(from, 'x.js')).resolve(specifier) : specifier };
}

function hash(content) {
  return createHash('sha1').update(content).digest('hex');
}
