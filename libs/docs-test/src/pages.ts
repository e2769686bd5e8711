import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Code, codeOf } from './markdown.js';

export const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface Page extends Code {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** Every page that readers get. */
export function allPages(): Page[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`);
  const paths = ['README.md', 'CONTRIBUTING.md', ...docs.map((path) => `docs/${path}`), ...packages];
  const pages = paths.filter((path) => path.endsWith('.md') && existsSync(join(root, path)));
  return pages.map((path) => page(path));
}

export function page(path: string): Page {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text, ...codeOf(text) };
}
