import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Block, Note } from './markdown.js';
import { type Page, root } from './pages.js';

/** Where the code of the pages is put: in the workspace, so that it finds the packages, and out of sight. */
const CACHE = join(root, 'node_modules/.cache/docs-test');

/** Pages that have an application but no `main.ts` are started by this one. */
const MAIN = `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
await app.listen(process.env.PORT ?? 3000);
`;

/** Languages whose blocks are modules. */
const MODULES = ['ts', 'tsx', 'js'];

/** A piece of a page's code, and where it stands in the page. */
type Piece = Pick<Note, 'code' | 'line'>;

/** An emptied folder of this purpose's own: test files that run at once do not meet in it. */
export function freshFolder(purpose: string): string {
  const folder = join(CACHE, purpose);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  return folder;
}

/**
 * Writes a page's code blocks as modules of one folder and answers with it; a block is found again by {@link fileOf}.
 * Every line keeps its number, so that what a compiler says of it can be looked up in the page.
 */
export function extract({ path, blocks, notes }: Page, into: string): string {
  const folder = join(into, path.replaceAll('/', '.'));
  const files = new Map<string, string>();
  const add = (name: string, ...pieces: Piece[]): void => {
    if (files.has(name)) throw new Error(`${path} has ${name} twice`);
    files.set(name, aligned(pieces));
  };
  for (const note of notes) if (note.kind === 'file') add(note.argument, note);
  for (const block of blocks) {
    if (MODULES.includes(block.language)) add(fileOf(block), ...setupOf(block), block);
  }
  if (files.has('app.module.ts') && !files.has('main.ts')) files.set('main.ts', MAIN);
  for (const [name, text] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** The module that a block becomes. */
export function fileOf({ file, line, language }: Block): string {
  return file ?? `line-${line}.${language}`;
}

function setupOf({ notes }: Block): Note[] {
  return notes.filter(({ kind }) => kind === 'setup');
}

function aligned(pieces: readonly Piece[]): string {
  const lines: string[] = [];
  for (const { code, line } of pieces) {
    while (lines.length < line - 1) lines.push('');
    lines.push(...code.split('\n'));
  }
  // What neither imports nor exports anything would share its names with all others.
  return `${lines.join('\n')}\nexport {};\n`;
}
