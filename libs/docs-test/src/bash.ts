import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './pages.js';

interface Manifest {
  readonly name: string;
  readonly scripts?: Record<string, string>;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
}

const workspace = manifest('.');
const members = ['packages', 'apps', 'libs'].flatMap((kind) =>
  readdirSync(join(root, kind)).map((name) => manifest(`${kind}/${name}`)),
);
/** What the workspace is, or uses: what readers can install. */
const packages = new Set(
  [workspace, ...members].flatMap(({ name, dependencies, devDependencies, peerDependencies }) => [
    name,
    ...Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies }),
  ]),
);
/** npm's own commands that documentation has a use for. */
const NPM = new Set(['ci', 'test', 'start', 'install', 'run']);

/** What of a shell script could not work in a clone of this repository, or in a project of a reader. */
export function bashProblems(code: string): string[] {
  execFileSync('bash', ['-n', '-c', code]);
  return code
    .replaceAll('\\\n', ' ')
    .split(/\n|&&|\||;/)
    .map((command) => command.trim().split(/\s+/))
    .flatMap(([program, ...args]) => {
      if (program === 'npm') return npmProblems(args);
      return program === 'npx' ? binaryProblems(args) : [];
    });
}

function npmProblems([command = '', ...args]: string[]): string[] {
  if (!NPM.has(command)) return [`npm ${command} is none of ${[...NPM].join(', ')}`];
  if (command === 'run' && workspace.scripts?.[args[0] ?? ''] === undefined)
    return [`there is no script ${args[0]}`];
  if (command !== 'install') return [];
  return args
    .filter((name) => !name.startsWith('-') && !packages.has(name))
    .map((name) => `what is ${name}?`);
}

function binaryProblems([name = '']: string[]): string[] {
  const binaries = readdirSync(join(root, 'node_modules/.bin'));
  return binaries.includes(name) ? [] : [`there is no ${name} in node_modules/.bin`];
}

function manifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
}
