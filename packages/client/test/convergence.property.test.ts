import { waitFor } from '@nestwire/harness';
import fc from 'fast-check';
import type { RealtimeClient, StateDocument } from '../src/index.js';
import { World } from './support/world.js';

type Doc = Record<string, number>;

const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), who: fc.nat(1), field: fc.constantFrom('a', 'b', 'c') }),
  fc.record({
    kind: fc.constant('set' as const),
    who: fc.nat(1),
    field: fc.constantFrom('a', 'b', 'c'),
    value: fc.option(fc.nat(9), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('offline' as const), who: fc.nat(1) }),
  fc.record({ kind: fc.constant('online' as const), who: fc.nat(1) }),
  fc.record({ kind: fc.constant('cut' as const) }),
  fc.record({ kind: fc.constant('pause' as const) }),
);

describe('two clients that edit one document, offline and online at random', () => {
  let world: World;
  let count = 0;

  beforeAll(async () => {
    world = await World.start();
  });

  afterAll(() => world[Symbol.asyncDispose]());

  it.each([
    ['websocket', 'websocket'],
    ['sse', 'websocket'],
  ] as const)(
    'end with the value that the server has, and no addition is lost (%s and %s)',
    async (...transports) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 5, maxLength: 30 }),
          fc.constantFrom('mine' as const, 'theirs' as const),
          async (steps, conflict) => {
            const id = `doc:converge-${(count += 1)}`;
            const clients = transports.map((transport, i) =>
              world.client({ transport, token: `user${i}-${count}` }),
            );
            const documents = clients.map((client) => client.state<Doc>(id, { conflict }));
            for (const document of documents) document.subscribe(() => undefined);
            await Promise.all(documents.map((document) => document.ready()));
            const changes: Promise<unknown>[] = [];
            let added = 0;
            const run = async (all: typeof steps): Promise<void> => {
              for (const one of all) {
                if (one.kind === 'cut') world.proxy.cut();
                else if (one.kind === 'pause') await new Promise((resolve) => setImmediate(resolve));
                else act(clients[one.who]!, documents[one.who]!, one);
              }
            };
            const act = (
              client: RealtimeClient,
              document: StateDocument<Doc>,
              one: (typeof steps)[number],
            ): void => {
              if (one.kind === 'offline') client.disconnect();
              if (one.kind === 'online') client.connect();
              if (one.kind === 'add') {
                added += 1;
                changes.push(document.update((draft) => void (draft['total'] = (draft['total'] ?? 0) + 1)));
                changes.push(
                  document.update((draft) => void (draft[one.field] = (draft[one.field] ?? 0) + 1)),
                );
              }
              if (one.kind === 'set') changes.push(document.set({ [one.field]: one.value }));
            };
            await run(steps);
            for (const client of clients) client.connect();
            const outcomes = await Promise.allSettled(changes);
            const failures = outcomes.flatMap((outcome) =>
              outcome.status === 'rejected' ? [(outcome.reason as { code?: string }).code] : [],
            );
            expect(failures.filter((code) => code !== 'conflict')).toEqual([]);
            await waitFor(async () => {
              const fields = (await world.state.get(id))?.fields ?? {};
              for (const document of documents) {
                expect(document.getSnapshot().pending).toBe(0);
                expect(document.value).toEqual(fields);
              }
              expect(fields['total'] ?? 0).toBe(added);
              return true;
            });
            await Promise.all(clients.map((client) => client.close()));
          },
        ),
        { numRuns: 15 },
      );
    },
  );
});
