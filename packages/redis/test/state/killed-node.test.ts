import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis, waitFor } from '@nestwire/harness';
import { type DocumentStoreServer, startDocumentStore } from './document-store-server.js';
import { type DocumentNode, startDocumentNode } from './document-node.js';

describe('the documents of a process that was killed', () => {
  let redis: RedisServer;
  let store: DocumentStoreServer;
  let nodes: readonly [DocumentNode, DocumentNode];

  beforeAll(async () => {
    redis = await startRedis();
    store = await startDocumentStore();
    store.failures = 1;
    const settings = { redisUrl: redis.url, storeUrl: store.url };
    nodes = await Promise.all([startDocumentNode(settings), startDocumentNode(settings)]);
    await nodes[0].ask('patch', { id: 'brief:1', changes: { qty: 2 } });
    await nodes[0].ask('patch', { id: 'saved:1', changes: { qty: 3 } });
    // After the commit, and before its interval is over.
    await nodes[0].kill('SIGKILL');
  }, 30_000);

  afterAll(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  it('expire by another, which tells the policy again where that has failed', async () => {
    await waitFor(() => store.expired.length > 0, { timeoutMs: 15_000, what: 'the expiry to be told' });
    expect(store.expired).toEqual([{ id: 'brief:1', fields: { qty: 2 } }]);
    expect(store.failures).toBe(0);
  }, 20_000);

  it('are saved by another', async () => {
    await waitFor(() => store.saved.has('saved:1'), { timeoutMs: 15_000, what: 'the document to be saved' });
    expect(store.saved.get('saved:1')).toMatchObject({ fields: { qty: 3 } });
  }, 20_000);
});
