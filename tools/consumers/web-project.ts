import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install, type Package, run, writeJson } from './project.js';

/** What the page of a front-end team is made of. */
const DEPENDENCIES = {
  react: '^19.0.0',
  'react-dom': '^19.0.0',
  '@types/node': '^20.19.0',
  '@types/react': '^19.0.0',
  '@types/react-dom': '^19.0.0',
  typescript: '~6.0.0',
  vite: '^8.0.0',
};

/** As the templates of Vite and Next have it, for types; then as Node resolves modules, for what renders on a server. */
const BUILDS = [
  { module: 'esnext', moduleResolution: 'bundler', noEmit: true },
  { module: 'nodenext', outDir: 'server' },
];

/** The packages that run in a page. */
const NAMES = ['@nestwire/client', '@nestwire/protocol'];

interface Chunk {
  readonly file: string;
  readonly isEntry?: boolean;
  readonly imports?: readonly string[];
}

/** A page that Vite has built with the packed client, and what Node has rendered of it. */
export class WebProject {
  private constructor(
    readonly folder: string,
    /** The page's HTML, rendered on a server. */
    readonly html: string,
    private readonly chunks: Readonly<Record<string, Chunk>>,
  ) {}

  static async create(folder: string, packages: readonly Package[]): Promise<WebProject> {
    await cp(fileURLToPath(new URL('web', import.meta.url)), folder, { recursive: true });
    const own = packages.filter(({ manifest }) => NAMES.includes(manifest.name));
    await install(folder, { type: 'module', dependencies: DEPENDENCIES, packages: own });
    for (const build of BUILDS) {
      await writeJson(folder, 'tsconfig.json', { compilerOptions: { ...OPTIONS, ...build } });
      await run(process.execPath, ['node_modules/typescript/bin/tsc'], folder);
    }
    const vite = ['node_modules/vite/bin/vite.js', 'build', '--manifest', '--logLevel', 'warn'];
    await run(process.execPath, vite, folder);
    const [rendered, page, manifest] = await Promise.all([
      run(process.execPath, ['server/server.js'], folder),
      readFile(join(folder, 'dist/index.html'), 'utf8'),
      readFile(join(folder, 'dist/.vite/manifest.json'), 'utf8'),
    ]);
    const html = page.replace('<!--rendered-->', rendered);
    await writeFile(join(folder, 'dist/index.html'), html);
    return new WebProject(folder, html, JSON.parse(manifest) as Record<string, Chunk>);
  }

  /** The code that a page loads before anything is used, and the code that it loads when it is. */
  async code(): Promise<{ atOnce: string; later: string }> {
    const atOnce = new Set<string>();
    const visit = (name: string): void => {
      if (atOnce.has(name)) return;
      atOnce.add(name);
      this.chunks[name]!.imports?.forEach(visit);
    };
    for (const [name, { isEntry }] of Object.entries(this.chunks)) if (isEntry === true) visit(name);
    const later = Object.keys(this.chunks).filter((name) => !atOnce.has(name));
    return { atOnce: await this.textOf([...atOnce]), later: await this.textOf(later) };
  }

  private async textOf(names: readonly string[]): Promise<string> {
    const files = names.map((name) => join(this.folder, 'dist', this.chunks[name]!.file));
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    return texts.join('\n');
  }
}

const OPTIONS = {
  strict: true,
  target: 'ES2022',
  lib: ['ES2023', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable', 'ESNext.Disposable'],
  jsx: 'react-jsx',
  types: ['node'],
  rootDir: '.',
  skipLibCheck: false,
};
