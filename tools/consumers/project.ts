import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Consumer } from './consumers.js';
import { endWithUs } from './end-with-us.js';

/** An installation from a slow registry may take minutes, but not for ever. */
const TIMEOUT_MS = 10 * 60_000;

const root = fileURLToPath(new URL('../..', import.meta.url));
const execute = promisify(execFile);

export interface Package {
  readonly manifest: { readonly name: string; readonly exports: object };
  readonly tarball: string;
}

/** Makes the consumer's project in a folder of its own: the packages installed, the application compiled. */
export async function createProject(
  folder: string,
  consumer: Consumer,
  packages: readonly Package[],
): Promise<void> {
  await mkdir(folder);
  await copySources(join(folder, 'src'));
  await writeFile(join(folder, 'src/entries.ts'), importsOf(packages));
  const { type, dependencies } = consumer;
  await install(folder, {
    type,
    dependencies,
    packages,
    more: consumer.jest ? await documentedConfig() : {},
  });
  for (const compilerOptions of consumer.builds) {
    await writeJson(folder, 'tsconfig.json', {
      compilerOptions: { ...compilerOptions, rootDir: 'src', outDir: 'dist' },
      exclude: ['dist', 'src/**/*.spec.ts'],
    });
    await run(process.execPath, ['node_modules/typescript/bin/tsc'], folder);
  }
  await run(process.execPath, ['dist/entries.js'], folder);
  if (consumer.jest) await run(process.execPath, ['node_modules/jest/bin/jest.js', '--ci'], folder);
}

interface Installation {
  readonly type: 'module' | 'commonjs';
  readonly dependencies: Readonly<Record<string, string>>;
  readonly packages: readonly Package[];
  /** What else is in `package.json`. */
  readonly more?: object;
}

/** Writes the `package.json` of a consumer, and installs what it depends on. */
export async function install(
  folder: string,
  { type, dependencies, packages, more = {} }: Installation,
): Promise<void> {
  const own = packages.map(({ manifest, tarball }) => [manifest.name, `file:${tarball}`]);
  await writeJson(folder, 'package.json', {
    private: true,
    type,
    dependencies: { ...dependencies, ...Object.fromEntries(own) },
    ...more,
  });
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], folder);
}

/** One source for all consumers: the application beside this file, and the fixture of the workspace's own tests. */
async function copySources(destination: string): Promise<void> {
  const application = fileURLToPath(new URL('app', import.meta.url));
  await mkdir(destination);
  for (const file of await readdir(application)) await cp(join(application, file), join(destination, file));
  const fixture = join(root, 'packages/realtime/test/fixtures/enhancers.app.ts');
  await cp(fixture, join(destination, 'enhancers.app.ts'));
}

/** Everything that can be imported, so that its types are found and checked however modules are resolved. */
function importsOf(packages: readonly Package[]): string {
  const entries = packages.flatMap(({ manifest: { name, exports } }) =>
    Object.keys(exports)
      .filter((path) => path !== './package.json')
      .map((path) => name + path.slice(1)),
  );
  const lines = entries.map((entry, index) => `export * as entry${index} from '${entry}';`);
  return ["import 'reflect-metadata';", ...lines].join('\n');
}

/** The first JSON of the guide is what it tells users to write. */
async function documentedConfig(): Promise<object> {
  const guide = await readFile(join(root, 'docs/guides/testing.md'), 'utf8');
  const [, json] = /```json\n(.+?)```/s.exec(guide) ?? [];
  if (json === undefined) throw new Error('docs/guides/testing.md has no configuration');
  return JSON.parse(json) as object;
}

export async function writeJson(folder: string, name: string, content: object): Promise<void> {
  await writeFile(join(folder, name), JSON.stringify(content, undefined, 2));
}

/** Resolves to what the program has printed; rejects with that where it fails. */
export async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    const running = execute(program, args, { cwd, timeout: TIMEOUT_MS });
    endWithUs(running.child);
    return (await running).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
  }
}
