// Checks the packages as users get them: built anew, packed, judged by publint and attw, installed and loaded.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packPackages } from './pack-packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'nestwire-packages-'));
try {
  const packages = packPackages(scratch);
  for (const { tarball } of packages) judge(tarball);
  load(
    packages.flatMap(({ tarball, manifest }) => [tarball, ...optionalPeers(manifest)]),
    packages.flatMap(({ manifest }) => entries(manifest)),
  );
} finally {
  rmSync(scratch, { recursive: true });
}

function judge(tarball) {
  run('npx', ['publint', '--strict', tarball], root);
  run('npx', ['attw', '--profile', 'esm-only', tarball], root);
}

/** What may be imported: `@nestwire/client` and `@nestwire/client/react`, say. */
function entries({ name, exports }) {
  return Object.keys(exports)
    .filter((path) => path !== './package.json')
    .map((path) => name + path.slice(1));
}

/** Whoever uses all that can be imported has these too. */
function optionalPeers({ peerDependencies = {}, peerDependenciesMeta = {} }) {
  return Object.keys(peerDependenciesMeta).map((name) => `${name}@${peerDependencies[name]}`);
}

/** Applications load them as ES modules, and those in CommonJS by require(), from the same files. */
function load(installed, specifiers) {
  writeFileSync(join(scratch, 'package.json'), '{ "private": true }');
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...installed], scratch);
  const script = specifiers.map(
    (specifier) =>
      `if ((await import('${specifier}')) !== require('${specifier}')) throw new Error('twice: ${specifier}');`,
  );
  const imports = "import 'reflect-metadata'; import { createRequire } from 'node:module';";
  writeFileSync(
    join(scratch, 'consumer.mjs'),
    [imports, 'const require = createRequire(import.meta.url);', ...script].join('\n'),
  );
  run(process.execPath, ['consumer.mjs'], scratch);
}

function run(program, args, cwd) {
  execFileSync(program, args, { cwd, stdio: 'inherit' });
}
