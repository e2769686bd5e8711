import assert from 'node:assert/strict';
import type {
  EnhancerCase,
  SCOPED_COMMANDS,
} from '../../../packages/realtime/test/fixtures/enhancers.app.js';
import type { Checks } from '../checks.js';
import { request } from './http.js';
import type { Data } from './inbox.js';
import { openSender, type Sender, type Transport, TRANSPORTS } from './sender.js';

/** What app/enhancers.main.ts tells: three addresses, and what the fixture expects of them. */
export interface EnhancersTold {
  readonly enhancers: string;
  readonly scoped: string;
  readonly scopedGlobal: string;
  readonly cases: readonly EnhancerCase[];
  readonly commands: typeof SCOPED_COMMANDS;
}

/** Guards, pipes, interceptors and filters of every level, on a controller and on a provider, over both transports. */
export async function driveEnhancers(told: EnhancersTold, checks: Checks): Promise<void> {
  const { guarded, scoped, plain } = told.commands;
  for (const transport of TRANSPORTS) {
    await driveMatrix(told, transport, checks);
    await driveScoped(told.scoped, [...guarded, ...scoped], transport, checks);
    await driveScoped(told.scopedGlobal, plain, transport, checks);
  }
}

async function driveMatrix(
  { enhancers: url, cases }: EnhancersTold,
  transport: Transport,
  checks: Checks,
): Promise<void> {
  using sender = await openSender(transport, url, {});
  for (const command of ['controller.book', 'provider.book']) {
    for (const { title, data, reply, trace } of cases) {
      await checks.that(`${command} over ${transport}: ${title}`, async () => {
        await traceOf(url);
        assert.deepEqual(await answer(sender, command, data), reply);
        const expected = trace.map((step) => step.replace('COMMAND for sse', `${command} for ${transport}`));
        assert.deepEqual(await traceOf(url), expected);
      });
    }
  }
}

/** Commands whose guard or host is request-scoped: those of the tenant `acme` alone pass, each with instances of its own. */
async function driveScoped(
  url: string,
  commands: readonly string[],
  transport: Transport,
  checks: Checks,
): Promise<void> {
  using sender = await openSender(transport, url, { 'x-tenant': 'acme' });
  for (const command of commands) {
    await checks.that(`${command} over ${transport}: made anew for every command`, async () => {
      assert.equal((await answer(sender, command, { tenant: 'other' })).error.code, 'forbidden');
      await traceOf(url);
      const tenants = new Set<string>();
      for (const run of [1, 2]) {
        assert.deepEqual(await answer(sender, command, { tenant: 'acme' }), { ok: true, data: 'shown' });
        for (const step of await traceOf(url)) tenants.add(step.replace(/\D+/, ''));
        assert.equal(tenants.size, run);
      }
    });
  }
}

async function answer(sender: Sender, command: string, data: unknown): Promise<Data> {
  const { id: _, ...reply } = await sender.send(command, data);
  return reply;
}

/** What has run since it was last asked. */
async function traceOf(url: string): Promise<string[]> {
  return (await request(url, 'GET', '/trace')).body;
}
