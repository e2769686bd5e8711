import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '@nestwire/harness';
import { redisBackend } from '@nestwire/redis';
import { type Backend, RealtimeModule, RealtimeState } from '@nestwire/realtime';
import { Test, type TestingModule } from '@nestjs/testing';
import { type DocumentNode, startDocumentNode } from './document-node.js';

const FIELDS = 10;
const TIMES = 10_000;
const RACES = 300;

describe('two processes that write one document', () => {
  let redis: RedisServer;
  let nodes: readonly [DocumentNode, DocumentNode];
  let backend: Backend;
  let reader: TestingModule;

  beforeAll(async () => {
    redis = await startRedis();
    const settings = { redisUrl: redis.url };
    nodes = await Promise.all([startDocumentNode(settings), startDocumentNode(settings)]);
    backend = redisBackend({ url: redis.url });
    const imports = [RealtimeModule.forRoot({ backend })];
    reader = await Test.createTestingModule({ imports }).compile();
    await reader.init();
  }, 30_000);

  afterAll(async () => {
    await reader.close();
    for (const node of nodes) await node[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  const read = async (id: string) => (await reader.get(RealtimeState).get(id))!;
  const offsetOf = (version: string) => Number(version.split('-')[1]);

  it('in different fields, 10,000 times each: none is lost', async () => {
    const write = (node: DocumentNode, prefix: string) =>
      node.ask('write', { id: 'shared', prefix, fields: FIELDS, times: TIMES });
    await Promise.all([write(nodes[0], 'a'), write(nodes[1], 'b')]);

    const { version, fields } = await read('shared');
    const last = Array.from({ length: FIELDS }, (_, field) => TIMES - FIELDS + field);
    const expected = ['a', 'b'].flatMap((prefix) => last.map((n, field) => [`${prefix}${field}`, n]));
    expect(fields).toEqual(Object.fromEntries(expected));
    // Each wrote a value that was not there: a patch that was lost would be a version too few, one made twice one too many.
    expect(offsetOf(version)).toBe(2 * TIMES);
  }, 60_000);

  it('with ifVersion on both sides: as many commits as versions, and as many as were not refused', async () => {
    const answers = await Promise.all(
      nodes.map((node) => node.ask<{ conflicts: number }>('race', { id: 'raced', times: RACES })),
    );
    const { version, fields } = await read('raced');
    expect(fields).toEqual({ n: 2 * RACES });
    expect(offsetOf(version)).toBe(2 * RACES);
    expect(answers.reduce((sum, { conflicts }) => sum + conflicts, 0)).toBeGreaterThan(0);
  }, 60_000);
});
