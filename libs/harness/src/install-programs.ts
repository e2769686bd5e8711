import { findProgram } from './find-program.js';
import { browserProgram, nginxProgram, postgresProgram, redisProgram } from './programs.js';

/**
 * For Jest's global setup: installs what is missing before the clock of any test runs, and costs a look at the PATH where
 * nothing is. One that cannot be had fails only the tests that start it, and they say what to install.
 */
export async function installPrograms(): Promise<void> {
  for (const program of [redisProgram, postgresProgram, nginxProgram, browserProgram])
    await findProgram(program).catch(() => {});
}
