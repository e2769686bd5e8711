import { parseInfo, redisCommand, waitFor } from '@nestwire/harness';
import { endOf } from '../support/durable-redis.js';
import { fallBehind, publishesGoOn } from '../support/lag.js';
import type { OnCluster } from '../support/on-cluster.js';
import type { OnSentinel } from '../support/on-sentinel.js';
import type { Run } from '../support/run.js';
import type { Scenario } from '../support/survive.js';

/** A master of a cluster is killed; its replica, which takes over, had fallen behind. */
export const laggingCluster: Scenario<OnCluster> = {
  name: 'a Cluster master killed, its replica behind',
  run: { kinds: ['log', 'log', 'log', 'log', 'log', 'log'] },
  async happen(run, place) {
    const master = await place.masterOf(run.channels[0]!);
    const channels = await place.channelsOf(master, run.channels);
    const replica = await place.replicaOf(master);
    const goOn = await fallBehind(master.port, replica);
    try {
      await publishesGoOn(run, 200, 5);
      await master.kill('SIGKILL');
    } finally {
      goOn();
    }
    await rewind(run, channels, replica);
    await place.cluster.failover(master);
  },
};

/** A master and its replica change places, as before maintenance. */
export const switchOver: Scenario<OnCluster> = {
  name: 'a Cluster master switched over',
  run: { kinds: ['log', 'log', 'log', 'log', 'log', 'log'] },
  async happen(run, place) {
    await place.cluster.switchOver(await place.masterOf(run.channels[0]!));
  },
};

/** As {@link laggingCluster}, with Sentinels. Another replica follows the new master. */
export const laggingSentinel: Scenario<OnSentinel> = {
  name: 'a master killed, its replica behind',
  async happen(run, place) {
    const { master, replica } = place.redis;
    const goOn = await fallBehind(master.port, replica.port);
    try {
      await publishesGoOn(run, 200, 5);
      await master.kill('SIGKILL');
    } finally {
      goOn();
    }
    await rewind(run, run.channels, replica.port);
    await place.redis.killMaster();
    await place.addReplica(replica.port);
  },
};

/** Tells the checker where the logs go on. What was acknowledged has been told before. */
async function rewind(run: Run, channels: readonly string[], replica: number): Promise<void> {
  await run.rest(300);
  await waitFor(async () => (await linkOf(replica)) === 'down', {
    what: 'the replica to have taken all that it had got',
  });
  for (const channel of channels) {
    const { epoch, offset } = await endOf(replica, channel, { readOnly: true });
    run.checker.rewound(channel, epoch, offset);
  }
}

async function linkOf(replica: number): Promise<string | undefined> {
  return parseInfo(await redisCommand(replica, ['INFO', 'replication']))['master_link_status'];
}
