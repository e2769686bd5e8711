import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SeededRandom, waitFor } from '@nestwire/harness';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DocumentBooks } from './support/document-books.js';
import { DocumentReader } from './support/document-reader.js';
import { Editor, read } from './support/editor.js';
import { OnRedis } from './support/on-redis.js';
import { Roamer } from './support/roamer.js';

const SEED = Number(process.env['NESTWIRE_SEED'] ?? 1);
const EDITORS = 4;
/** How long followers stay on a node; the first until it is ended. */
const STAYS = [undefined, [50, 400], [50, 400], [50, 400]] as const;

describe(`a document that several nodes edit (seed ${SEED})`, () => {
  let place: OnRedis;

  beforeAll(async () => {
    place = await OnRedis.start();
    await place.redis.keep('always');
  }, 60_000);

  afterAll(() => place?.[Symbol.asyncDispose]());

  /** Redis is killed and comes back, connections are cut, and a node is killed. */
  async function trouble(random: SeededRandom, flow: () => Promise<void>): Promise<void> {
    const { redis, world } = place;
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
  }

  it('has each acknowledged edit once, none that was refused, and is the same to all who follow it', async () => {
    const random = new SeededRandom(SEED);
    const { world } = place;
    const id = `shared:${randomUUID().slice(0, 8)}`;
    const books = new DocumentBooks();
    let isOver = false;
    const followers = STAYS.map((stayMs, index) => {
      const [witness, channels] = [new DocumentReader(), [`$state:${id}`]];
      const options = { name: `f${index}`, channels, witness, world, random: random.fork() };
      return { witness, client: new Roamer(stayMs === undefined ? options : { ...options, stayMs }) };
    });
    const editors = Array.from(
      { length: EDITORS },
      (_, n) => new Editor(`e${n}`, world, id, books, random.fork()),
    );
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
  }, 90_000);
});
