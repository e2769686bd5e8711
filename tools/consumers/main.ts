// Uses the packages as users get them: installs the tarballs into applications of Nest 11 and 12, in CommonJS and as ES
// modules, starts each on Express and on Fastify, and drives both transports with the clients that users have; builds a page with
// the client, and looks at it in a browser.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packPackages } from '../pack-packages.mjs';
import { Application } from './application.js';
import { Checks } from './checks.js';
import { CONSUMERS } from './consumers.js';
import { driveChannels } from './drive/channels.js';
import { driveCommands } from './drive/commands.js';
import { driveEnhancers, type EnhancersTold } from './drive/enhancers.js';
import { drivePersistence } from './drive/persistence.js';
import { driveSessions } from './drive/sessions.js';
import { driveShutdown } from './drive/shutdown.js';
import { driveState } from './drive/state.js';
import { driveWeb } from './drive/web.js';
import { createProject } from './project.js';
import { WebProject } from './web-project.js';

const PLATFORMS = ['express', 'fastify'];

const scratch = mkdtempSync(join(tmpdir(), 'nestwire-consumers-'));
// What was killed just before may still be writing.
process.once('exit', () => rmSync(scratch, { recursive: true, maxRetries: 20, retryDelay: 50 }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

const packages = packPackages(scratch);
const projects = CONSUMERS.map((consumer) => {
  const folder = join(scratch, consumer.name.replaceAll(' ', '-'));
  const failure = createProject(folder, consumer, packages).then(
    () => undefined,
    (error: Error) => error,
  );
  return { name: consumer.name, folder, failure };
});
const web = WebProject.create(join(scratch, 'web'), packages).catch((error: Error) => error);
for (const { name, folder, failure } of projects) {
  const error = await failure;
  if (error === undefined)
    for (const platform of PLATFORMS) report(`${name} ${platform}`, await drive(folder, platform));
  else report(name, { passed: 0, failures: [error.message] });
}
report('web', await driveBuiltPage(projects.at(-1)!.folder));
// Whatever a failed check has left open would keep this process alive.
process.exit();

async function drive(folder: string, platform: string): Promise<Checks> {
  const checks = new Checks();
  await checks.that('the application', async () => {
    await using app = await Application.start<{ url: string }>(folder, 'dist/main.js', {
      PLATFORM: platform,
    });
    for (const scenario of [driveSessions, driveChannels, driveCommands, driveState])
      await scenario(app.told.url, checks);
    await driveShutdown(app, checks);
  });
  await checks.that('the application, again and again', async () => {
    const database = join(folder, `${platform}.db`);
    const start = () =>
      Application.start<{ url: string }>(folder, 'dist/main.js', {
        PLATFORM: platform,
        STATE_FILE: database,
      });
    await drivePersistence(start, checks);
  });
  await checks.that('the application of the enhancers', async () => {
    await using app = await Application.start<EnhancersTold>(folder, 'dist/enhancers.main.js', {
      PLATFORM: platform,
    });
    await driveEnhancers(app.told, checks);
  });
  return checks;
}

/** The page's server is an application of one of the consumers. */
async function driveBuiltPage(folder: string): Promise<Checks> {
  const checks = new Checks();
  await checks.that('the page', async () => {
    const project = await web;
    if (project instanceof Error) throw project;
    await using app = await Application.start<{ url: string }>(folder, 'dist/main.js', {
      PLATFORM: 'express',
    });
    const { url: server } = app.told;
    await using page = await Application.start<{ url: string }>(project.folder, 'serve.mjs', {
      SERVER: server,
    });
    await driveWeb(page.told.url, server, project, checks);
  });
  return checks;
}

function report(name: string, { passed, failures }: Pick<Checks, 'passed' | 'failures'>): void {
  if (failures.length === 0) return console.log(`${name}: ok (${passed} checks)`);
  process.exitCode = 1;
  console.error(
    `${name}: ${failures.length} failed, ${passed} ok\n  ${failures.join('\n').replaceAll('\n', '\n  ')}`,
  );
}
