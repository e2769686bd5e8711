import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from './pages.js';

const SHARED = {
  noEmit: true,
  incremental: true,
  declaration: false,
  declarationMap: false,
  sourceMap: false,
};

/** Servers know Node.js, browsers their DOM: with both at once, `setTimeout` would be either. */
const PROGRAMS = {
  ts: { lib: ['ES2023', 'ESNext.Disposable'], types: ['node', 'jest'] },
  tsx: { lib: ['ES2023', 'DOM', 'DOM.Iterable', 'ESNext.Disposable'], types: [], jsx: 'react-jsx' },
  js: { lib: ['ES2023', 'DOM', 'DOM.Iterable'], types: [], allowJs: true, checkJs: true, strict: false },
};

/** What the compiler has to say of the modules in a folder, with the workspace's own rules: nothing, one hopes. */
export async function compile(folder: string): Promise<string[]> {
  const programs = Object.entries(PROGRAMS).map(async ([language, options]) => {
    const config = join(folder, `tsconfig.${language}.json`);
    writeFileSync(
      config,
      JSON.stringify({
        extends: relative(folder, join(root, 'tsconfig.base.json')),
        compilerOptions: { ...SHARED, ...options, tsBuildInfoFile: `../${language}.tsbuildinfo` },
        include: [`**/*.${language}`],
      }),
    );
    return tsc(config);
  });
  const messages = (await Promise.all(programs)).flat();
  // What is wrong with the packages themselves is for `npm run typecheck` to say.
  return messages.filter((message) => message.startsWith(relative(root, folder)));
}

/** One message each; some have several lines. */
async function tsc(config: string): Promise<string[]> {
  const program = join(root, 'node_modules/typescript/bin/tsc');
  const output = await new Promise<string>((resolve, reject) => {
    execFile(
      process.execPath,
      [program, '-p', config, '--pretty', 'false'],
      { cwd: root },
      (error, stdout) => {
        if (error !== null && stdout === '') reject(error);
        else resolve(stdout);
      },
    );
  });
  return output.split(/\n(?! )/);
}
