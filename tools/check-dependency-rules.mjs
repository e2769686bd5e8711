// Breaks every rule of .dependency-cruiser.mjs in a scratch workspace: one that catches nothing is worse than none.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import config from '../.dependency-cruiser.mjs';

/** By rule: a file that breaks it, and what the file imports. */
const offences = {
  'protocol-layer': ['packages/protocol/src/a.ts', '../../realtime/src/index.js'],
  'realtime-layer': ['packages/realtime/src/a.ts', '../../../libs/harness/src/index.js'],
  'redis-layer': ['packages/redis/src/a.ts', '../../client/src/index.js'],
  'sql-layer': ['packages/sql/src/a.ts', '../../protocol/src/index.js'],
  'testing-layer': ['packages/testing/src/a.ts', '../../../apps/playground/src/index.js'],
  'client-layer': ['packages/client/src/a.ts', '../../realtime/src/index.js'],
  'protocol-imports-nothing': ['packages/protocol/src/b.ts', 'node:crypto'],
  'realtime-without-redis': ['packages/realtime/src/b.ts', 'ioredis'],
  'client-without-nest': ['packages/client/src/b.ts', '@nestjs/common'],
  'react-on-top-of-client': ['packages/client/src/c.ts', './react/index.js'],
  'public-entries-only': ['apps/playground/src/a.ts', '../../../packages/realtime/src/private.js'],
  'helpers-are-for-tests': ['apps/playground/src/b.ts', '../../../libs/harness/src/index.js'],
  'no-cycles': ['packages/realtime/src/cycle.ts', './private.js'],
  resolvable: ['packages/testing/src/d.ts', './nowhere.js'],
};

/** What the offences import. */
const targets = [
  'apps/playground/src/index.ts',
  'libs/harness/src/index.ts',
  'packages/protocol/src/index.ts',
  'packages/realtime/src/index.ts',
  'packages/client/src/index.ts',
  'packages/client/src/react/index.ts',
];

const root = fileURLToPath(new URL('..', import.meta.url));
const workspace = mkdtempSync(join(tmpdir(), 'nestwire-rules-'));
try {
  for (const file of targets) write(file, 'export {};\n');
  write('packages/realtime/src/private.ts', "import './cycle.js';\n");
  for (const [file, specifier] of Object.values(offences)) write(file, `import '${specifier}';\n`);
  const caught = new Set(violations().map(({ rule, from }) => `${rule.name}: ${from}`));
  const missed = config.forbidden
    .map(({ name }) => `${name}: ${offences[name]?.[0] ?? 'has no offence here'}`)
    .filter((offence) => !caught.has(offence));
  if (missed.length > 0) {
    console.error(`These went through:\n  ${missed.join('\n  ')}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(workspace, { recursive: true });
}

function write(file, text) {
  const path = join(workspace, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function violations() {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const rules = join(root, '.dependency-cruiser.mjs');
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [program, '--config', rules, '--output-type', 'json', 'packages', 'apps', 'libs'],
    { cwd: workspace, encoding: 'utf8' },
  );
  if (stdout === '') throw new Error(`dependency-cruiser did not run:\n${stderr}`);
  return JSON.parse(stdout).summary.violations;
}
