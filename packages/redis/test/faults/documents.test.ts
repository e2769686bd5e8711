import { describe, expect, it } from '@jest/globals';
import { SeededRandom, waitFor } from '@nestwire/harness';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BadNetwork } from './support/bad-network.js';
import { DocumentBooks } from './support/document-books.js';
import { DocumentReader } from './support/document-reader.js';
import { Editor, read } from './support/editor.js';
import { OnRedis } from './support/on-redis.js';
import { Roamer } from './support/roamer.js';
import type { World } from './support/world.js';

const SEED = Number(process.env['NESTWIRE_SEED'] ?? 1);
const EDITORS = 4;
/** How long followers stay on a node; the first until it is ended. */
const STAYS = [undefined, [50, 400], [50, 400], [50, 400]] as const;

/** What goes wrong meanwhile; `flow` waits until edits are acknowledged again. */
type Trouble = (random: SeededRandom, flow: () => Promise<void>) => Promise<void>;

/** Each acknowledged edit is there once, none that was refused, and all who follow the document end with it. */
async function assertEdited(world: World, trouble: Trouble): Promise<void> {
  const random = new SeededRandom(SEED);
  const id = `shared:${randomUUID().slice(0, 8)}`;
  const books = new DocumentBooks();
  let isOver = false;
  const followers = STAYS.map((stayMs, index) => {
    const [witness, channels] = [new DocumentReader(), [`$state:${id}`]];
    const options = { name: `f${index}`, channels, witness, world, random: random.fork() };
    return { witness, client: new Roamer(stayMs === undefined ? options : { ...options, stayMs }) };
  });
  const editorOf = (_: unknown, n: number): Editor => new Editor(`e${n}`, world, id, books, random.fork());
  const editors = Array.from({ length: EDITORS }, editorOf);
  const roaming = Promise.all(followers.map(({ client }) => client.run()));
  const editing = Promise.all(editors.map((editor) => editor.run(() => isOver)));
  const flow = async (): Promise<void> => {
    const enough = books.stored + 60;
    await waitFor(() => books.stored >= enough, { timeoutMs: 20_000, what: 'edits to be acknowledged' });
  };
  try {
    await flow();
    await trouble(random, flow);
    isOver = true;
    await editing;
    const { fields = {} } = (await read(world.urls[0]!, id))!;
    expect(books.verdict(fields)).toEqual([]);

    for (const { client } of followers) client.rest();
    await roaming;
    await Promise.all(followers.map(({ client }) => client.comeAnywhere()));
    for (const { witness, client } of followers) {
      const isLevel = (): boolean => {
        expect(witness.fields).toEqual(fields);
        return true;
      };
      await waitFor(isLevel, { timeoutMs: 20_000, what: `${client.name} to have the document` });
      expect([...witness.problems, ...client.complaints]).toEqual([]);
    }
    expect(world.casualties).toEqual([]);
  } finally {
    isOver = true;
    for (const { client } of followers) client.quit();
    await Promise.allSettled([editing, roaming]);
  }
}

describe(`a document that several nodes edit (seed ${SEED})`, () => {
  it('holds each edit once while Redis is killed and comes back, connections are cut, and a node is killed', async () => {
    await using place = await OnRedis.start();
    const { redis, world } = place;
    await redis.keep('always');
    await assertEdited(world, async (random, flow) => {
      await redis.crash();
      await sleep(random.between(100, 500));
      await redis.restart();
      await flow();
      for (let i = 0; i < 4; i += 1) {
        for (const type of ['normal', 'pubsub']) await redis.command('CLIENT', 'KILL', 'TYPE', type);
        await sleep(random.between(20, 200));
      }
      await flow();
      await world.kill(random.pick(world.nodes));
      await flow();
    });
  }, 90_000);

  it('holds each edit once where Redis has made it, and its answer was lost', async () => {
    await using place = await BadNetwork.start();
    const { wire, world } = place;
    await assertEdited(world, async (random, flow) => {
      for (let i = 0; i < 10; i += 1) {
        wire.hold('replies');
        await sleep(random.between(30, 100));
        wire.cut();
        wire.release();
        await sleep(random.between(50, 150));
      }
      await flow();
    });
  }, 90_000);
});
