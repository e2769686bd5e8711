import { type Proxy, startProxy, startRedis } from '@nestwire/harness';
import { Started } from './started.js';
import type { Place } from './survive.js';
import { World } from './world.js';

/** Nodes of which some reach Redis over a wire that can be made bad, and the door of the first of them, which can too. */
export class BadNetwork implements Place, AsyncDisposable {
  private constructor(
    private readonly started: Started,
    readonly wire: Proxy,
    readonly door: Proxy,
    readonly world: World,
  ) {}

  static start(): Promise<BadNetwork> {
    return Started.with(async (started) => {
      const redis = started.keep(await startRedis());
      const wire = started.keep(await startProxy({ to: redis.port }));
      const bad = { redis: { url: `redis://127.0.0.1:${wire.port}`, timeoutMs: 1_500 } };
      const world = started.keep(await World.start({ ...bad, nodes: 2 }));
      const [first] = world.nodes;
      const door = started.keep(await startProxy({ to: Number(new URL(first!.ready).port) }));
      world.doorOf = (node) => (node === first ? `http://127.0.0.1:${door.port}` : node.ready);
      await world.add({ redis: { url: redis.url } });
      return new BadNetwork(started, wire, door, world);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.started[Symbol.asyncDispose]();
  }
}
