import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Program } from './programs.js';

const run = promisify(execFile);

/** A package manager that asks nobody may take minutes on a slow line, but not for ever. */
const INSTALL_TIMEOUT_MS = 10 * 60_000;

/** Two Jest workers must not run apt at once: whoever comes second waits at this lock, which dies with its holder. */
const APT_LOCK = ['flock', '/var/lib/dpkg'];

/** Installs a program's package, if this process may do so without a password; otherwise it rejects. */
export async function installProgram({ title, packages }: Program): Promise<void> {
  if (process.platform === 'darwin') {
    await command(['brew', 'install', ...packages.brew]);
    return;
  }
  if (process.platform !== 'linux') throw new Error(`${title} cannot be installed on ${process.platform}.`);

  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const apt = [...sudo, ...APT_LOCK, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq'];
  // A mirror that is down makes the update fail, while the install may well succeed from the others.
  const stale = await command([...apt, 'update']).then(
    () => undefined,
    (error: unknown) => error,
  );
  await command([...apt, 'install', '--yes', '--no-install-recommends', ...packages.apt]).catch(
    (error: unknown) => {
      throw stale === undefined
        ? error
        : new AggregateError([stale, error], `${title} could not be installed.`);
    },
  );
}

async function command([program = '', ...args]: string[]): Promise<void> {
  await run(program, args, { timeout: INSTALL_TIMEOUT_MS });
}
