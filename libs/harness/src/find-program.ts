import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { installProgram } from './install-program.js';
import type { Program } from './programs.js';

export interface FindOptions {
  /** Directories to search, as in PATH; that of this process unless given. */
  path?: string;
  /** Installs the package; tests put their own here. */
  install?: (program: Program) => Promise<void>;
}

/**
 * The path of a program: of the one that its environment variable names, or the first that is found. One that is missing is
 * installed where that needs no password; where it does, this rejects with a sentence that says what to install.
 */
export async function findProgram(program: Program, options: FindOptions = {}): Promise<string> {
  const chosen = program.variable === undefined ? undefined : process.env[program.variable];
  return chosen ? given(chosen, program) : findOrInstall(program, options);
}

/** Another in its place would be tested unnoticed. */
async function given(path: string, { title, variable }: Program): Promise<string> {
  if (isAbsolute(path) && (await isExecutable(path))) return path;
  throw new Error(
    `${variable} is ${JSON.stringify(path)}: it must be the absolute path of a ${title} server.`,
  );
}

async function findOrInstall(program: Program, options: FindOptions): Promise<string> {
  const { path = process.env.PATH ?? '', install = installProgram } = options;
  const found = await search(program.candidates, path);
  if (found) return found;

  const failure = await install(program).then(
    () => undefined,
    (error: unknown) => error,
  );
  const installed = await search(program.candidates, path);
  if (installed) return installed;

  throw new Error(
    `${program.title} is needed and was not found: install it, so that one of ` +
      `${program.candidates.filter((name) => !isAbsolute(name)).join(', ')} is on the PATH.`,
    { cause: failure },
  );
}

async function search(candidates: readonly string[], path: string): Promise<string | undefined> {
  const directories = path.split(delimiter).filter((directory) => directory !== '');
  for (const candidate of candidates) {
    const places = isAbsolute(candidate)
      ? [candidate]
      : directories.map((directory) => join(directory, candidate));
    for (const place of places) if (await isExecutable(place)) return place;
  }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
