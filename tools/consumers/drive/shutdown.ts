import assert from 'node:assert/strict';
import type { Application } from '../application.js';
import type { Checks } from '../checks.js';
import { Visitor } from './visitor.js';

/** Stops an application that has clients on both transports. */
export async function driveShutdown(app: Application<{ url: string }>, checks: Checks): Promise<void> {
  await checks.that('SIGTERM: clients are told to come back, and the application ends', async () => {
    const visitor = new Visitor(app.told.url, '1', ['staff']);
    using stream = visitor.stream('orders:eu');
    using client = await visitor.socket();
    await stream.until('realtime.ready');
    await app.stop();
    const told = [stream.named('realtime.close')[0], client.named('close')[0]];
    assert.deepEqual(
      told.map(({ code, reconnect }) => [code, reconnect]),
      [
        ['draining', true],
        ['draining', true],
      ],
    );
  });
}
