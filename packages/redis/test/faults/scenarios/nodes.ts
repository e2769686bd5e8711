import { waitFor } from '@nestwire/harness';
import type { Place, Scenario } from '../support/survive.js';

/** SIGKILL in the middle of broadcasts; another takes its place, as an orchestrator would have it. */
export const killNode: Scenario = {
  name: 'a node killed in the middle of broadcasts',
  async happen(run, { world }: Place) {
    const node = run.random.pick(world.nodes);
    await world.kill(node);
    await Promise.all([world.add(), run.flow(50)]);
  },
};

/** SIGSTOP of a node: it looks alive, and is not. Its clients find out by themselves. */
export const hangNode: Scenario = {
  name: 'a node stopped for 2 s',
  run: { silenceMs: 1_000 },
  async happen(run, { world }: Place) {
    const node = run.random.pick(world.nodes);
    await world.avoid(node, async () => {
      await node.kill('SIGSTOP');
      await run.rest(2_000);
      await node.kill('SIGCONT');
    });
  },
};

/** Some clients stop reading for as long as it takes until they are cut, and go on. */
export const stall: Scenario = {
  name: 'clients that stop reading',
  run: { padLength: 120_000, restMs: 5, silenceMs: 60_000, steady: 8 },
  async happen(run) {
    const stalled = run.steady.slice(0, 4);
    const before = new Map(stalled.map((client) => [client, client.ends]));
    for (const client of stalled) client.pause();
    // Some 18 MB for each: more than the buffers of the system take. Then the time-out of a delivery.
    await run.flow(1_500);
    await run.rest(3_000);
    for (const client of stalled) client.resume();
    await waitFor(() => stalled.every((client) => client.ends > before.get(client)!), {
      timeoutMs: 30_000,
      what: 'the clients that did not read to have been cut',
    });
  },
};
