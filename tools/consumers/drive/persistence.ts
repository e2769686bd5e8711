import assert from 'node:assert/strict';
import type { Checks } from '../checks.js';
import type { Application } from '../application.js';
import { Visitor } from './visitor.js';

/** A document whose application ends and starts again, each time with nothing but its database. */
export async function drivePersistence(
  start: () => Promise<Application<{ url: string }>>,
  checks: Checks,
): Promise<void> {
  const path = '/realtime/state/note:7';
  const headers = { 'content-type': 'application/merge-patch+json' };
  const patch = async (url: string, body: object): Promise<void> => {
    const { status } = await new Visitor(url, '7').request('PATCH', path, { headers, body });
    assert.equal(status, 200);
  };
  const read = async (url: string): Promise<unknown> => {
    const { status, body } = await new Visitor(url, '7').request('GET', path);
    return status === 200 ? body : status;
  };
  const running = async (use: (url: string) => Promise<void>): Promise<void> => {
    await using app = await start();
    await use(app.told.url);
    await app.stop();
  };

  await checks.that(
    'SQLite: a document is saved when the application ends, and there when it is back',
    async () => {
      await running((url) => patch(url, { text: 'milk', lines: { first: [1] } }));
      await running(async (url) => {
        await patch(url, { lines: { second: 2 } });
        assert.deepEqual(await read(url), { text: 'milk', lines: { first: [1], second: 2 } });
      });
    },
  );

  await checks.that('SQLite: a document that was removed stays away', async () => {
    await running((url) => patch(url, { text: null, lines: null }));
    await running(async (url) => assert.equal(await read(url), 404));
  });
}
