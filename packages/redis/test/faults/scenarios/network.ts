import type { BadNetwork } from '../support/bad-network.js';
import type { Scenario } from '../support/survive.js';

/** Everything arrives late, by more than the time between two publishes. */
export const slowWire: Scenario<BadNetwork> = {
  name: 'a slow wire to Redis',
  async happen(run, { wire }) {
    for (const ms of [20, 120, 5, 0]) {
      wire.delay(ms);
      await run.rest(150, 400);
    }
  },
};

export const cutWire: Scenario<BadNetwork> = {
  name: 'a wire to Redis that is cut',
  async happen(run, { wire }) {
    for (let i = 0; i < 5; i += 1) {
      wire.cut();
      await run.rest(20, 300);
    }
  },
};

/** What was sent has reached Redis, and its replies are lost: only the operation ids tell that it was done. */
export const lostReplies: Scenario<BadNetwork> = {
  name: 'replies of Redis lost',
  async happen(run, { wire }) {
    for (let i = 0; i < 5; i += 1) {
      wire.hold('replies');
      await run.rest(20, 120);
      wire.cut();
      wire.release();
      await run.rest(20, 200);
    }
  },
};

/** Nothing comes through and nothing is closed, for longer than a command may take. */
export const halfOpenWire: Scenario<BadNetwork> = {
  name: 'a half-open wire to Redis',
  async happen(run, { wire }) {
    wire.hold();
    await run.rest(2_200, 3_000);
    wire.release();
  },
};

export const refusingWire: Scenario<BadNetwork> = {
  name: 'Redis out of reach for some nodes',
  async happen(run, { wire }) {
    await wire.refuse();
    wire.cut();
    await run.rest(500, 2_000);
    await wire.accept();
  },
};

/** Nothing comes through to clients and nothing is closed: what the node has written meanwhile is lost with the connection. */
export const halfOpenClients: Scenario<BadNetwork> = {
  name: 'half-open clients',
  run: { silenceMs: 1_000 },
  async happen(run, { door }) {
    door.hold();
    await run.rest(2_000);
    door.cut();
    door.release();
  },
};
