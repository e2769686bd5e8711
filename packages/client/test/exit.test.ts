import { startNodeProcess, waitFor } from '@nestwire/harness';
import { World } from './support/world.js';

const visitor = new URL('./support/visitor.ts', import.meta.url);

it('a closed client lets its process end, though its server answers nothing', async () => {
  await using world = await World.start();
  const visitors = await Promise.all(
    (['websocket', 'sse'] as const).map((transport) =>
      startNodeProcess(visitor, { args: [world.url, transport] }),
    ),
  );
  try {
    world.proxy.hold('requests');
    await world.realtime.publish('open:any', 'end', null);
    // Less than the 30 s of Socket.IO's own goodbye.
    await waitFor(() => visitors.every(({ end }) => end !== undefined), {
      timeoutMs: 20_000,
      what: 'the end',
    });
    expect(visitors.map(({ end, output }) => ({ end, output }))).toEqual([
      { end: 0, output: 'ready for its end\n' },
      { end: 0, output: 'ready for its end\n' },
    ]);
  } finally {
    await Promise.all(visitors.map((one) => one[Symbol.asyncDispose]()));
  }
}, 60_000);
