// Runs a program in TypeScript from source, as ts.mjs does: `node tools/run.mjs app.ts ARGS`; with `--built` before it the packages are those in
// `dist`. What is ours is made one file first and kept, so
// that the next start asks neither for hundreds of modules nor, on Node 20, for each of them through a second thread: it takes half the
// time, and the tests start a hundred processes.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundled } from './bundle.mjs';

const [node, , ...rest] = process.argv;
const isBuilt = rest[0] === '--built';
const [program, ...args] = isBuilt ? rest.slice(1) : rest;
const bundle = await bundled(resolve(program), { isBuilt });
// So that `cluster` forks what runs here.
process.argv = [node, bundle, ...args];
await import(pathToFileURL(bundle).href);
