import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseInfo, redisCommand, type RedisServer, startRedis, waitFor } from '@nestwire/harness';
import { redisBackend } from '@nestwire/redis';
import type { Backend } from '@nestwire/realtime';
import { randomUUID } from 'node:crypto';
import { Started } from './faults/support/started.js';
import { anEvent, KEEP, silence, started } from './support/log.js';

const UNKNOWN = { code: 'unavailable', details: { outcome: 'unknown' } };

describe('with waitReplicas, while the replica says nothing', () => {
  silence();

  let all: Started;
  let master: RedisServer;
  let replica: RedisServer;
  /** Two nodes: each has a connection of its own, of which WAIT speaks. */
  let first: Backend;
  let second: Backend;
  /** Waits for long. */
  let patient: Backend;

  beforeEach(async () => {
    all = new Started();
    const quickSync = ['--repl-diskless-sync', 'yes', '--repl-diskless-sync-delay', '0'];
    master = all.keep(await startRedis({ args: quickSync }));
    const args = [...quickSync, '--replicaof', '127.0.0.1', String(master.port)];
    replica = all.keep(await startRedis({ args }));
    await waitFor(async () => {
      const info = parseInfo(await redisCommand(replica.port, ['INFO', 'replication']));
      return info['master_link_status'] === 'up';
    });
    const settings = { url: master.url, waitReplicas: 1, timeoutMs: 1_000 };
    first = all.keep(await started(redisBackend(settings)));
    second = all.keep(await started(redisBackend(settings)));
    patient = all.keep(await started(redisBackend({ ...settings, timeoutMs: 15_000 })));
    // A master counts a replica from its first acknowledgement, which may take a second.
    for (const backend of [patient, first, second]) await backend.log.append('other', [anEvent()], KEEP);
    await replica.kill('SIGSTOP');
  }, 30_000);

  afterEach(() => all?.[Symbol.asyncDispose]());

  it('an event that another node has stored is not acknowledged either, until the replica has it', async () => {
    const event = (): ReturnType<typeof anEvent> => anEvent({ idempotencyKey: 'key' });
    await expect(first.log.append('orders', [event()], KEEP)).rejects.toMatchObject(UNKNOWN);
    await expect(second.log.append('orders', [event()], KEEP)).rejects.toMatchObject(UNKNOWN);
    await replica.kill('SIGCONT');
    const [appended] = await patient.log.append('orders', [event()], KEEP);
    expect(appended).toMatchObject({ duplicate: true, position: { offset: 1 } });
  }, 30_000);

  it('a commit that finds its change made by another node is not acknowledged either', async () => {
    const commit = (backend: Backend): Promise<unknown> => {
      const set = new Map([['qty', '1']]);
      return backend.documents.commit('cart', { set, del: [], operationId: randomUUID() }, KEEP);
    };
    await expect(commit(first)).rejects.toMatchObject(UNKNOWN);
    await expect(commit(second)).rejects.toMatchObject(UNKNOWN);
    await replica.kill('SIGCONT');
    expect(await commit(patient)).toMatchObject({ ok: true, changed: false });
  }, 30_000);

  // Redis waits for everything that was written before WAIT, by whomever; Valkey 8 only for what the same connection has written.
  it('what was found there is written to, so that every server waits for it', async () => {
    const backend = all.keep(await started(redisBackend({ url: master.url })));
    const append = () => backend.log.append('orders', [anEvent({ idempotencyKey: 'key' })], KEEP);
    const commit = () => {
      const set = new Map([['qty', '1']]);
      return backend.documents.commit('cart', { set, del: [], operationId: randomUUID() }, KEEP);
    };
    for (const write of [append, commit]) {
      await write();
      const before = await writtenBytes();
      await write();
      expect(await writtenBytes()).toBeGreaterThan(before);
    }
  });

  /** What replicas are sent, all in all. */
  async function writtenBytes(): Promise<number> {
    const info = parseInfo(await redisCommand(master.port, ['INFO', 'replication']));
    return Number(info['master_repl_offset']);
  }
});
