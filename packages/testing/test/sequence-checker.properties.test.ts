import fc from 'fast-check';
import { SequenceChecker } from '../src/index.js';

const CHANNEL = 'orders:eu';
const CLIENTS = ['a', 'b'] as const;

/** One step of a history that keeps every promise. */
type Step =
  | { readonly kind: 'publish' }
  | { readonly kind: 'deliver' | 'cut' | 'resume' | 'expire'; readonly client: (typeof CLIENTS)[number] };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Step>({ kind: 'publish' }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('deliver', 'deliver', 'cut', 'resume', 'expire'),
      client: fc.constantFrom(...CLIENTS),
    }),
  },
);

/** What the checker is told, so that a fault can be put into it. */
type Told = (checker: SequenceChecker) => void;
type Receipt = { readonly client: string; readonly offset: number };

/** Plays the steps, and says what a checker is told of them and which of it are receipts. */
function play(steps: readonly Step[]): { told: Told[]; receipts: Map<number, Receipt> } {
  const told: Told[] = [];
  const receipts = new Map<number, Receipt>();
  const at = new Map<string, number>(CLIENTS.map((client) => [client, 0]));
  const connected = new Set<string>(CLIENTS);
  let end = 0;
  const deliver = (client: string) => {
    for (let offset = at.get(client)! + 1; offset <= end; offset += 1) {
      receipts.set(told.length, { client, offset });
      told.push(receipt(client, offset));
    }
    at.set(client, end);
  };
  for (const client of CLIENTS) told.push((checker) => checker.subscribedLive(client, CHANNEL, 0));
  for (const each of steps) {
    if (each.kind === 'publish') {
      const offset = (end += 1);
      told.push((checker) => checker.published(CHANNEL, offset, `e${offset}`));
      continue;
    }
    const { client, kind } = each;
    if (kind === 'deliver' && connected.has(client)) deliver(client);
    if (kind === 'cut' && connected.delete(client)) told.push((checker) => checker.left(client, CHANNEL));
    if (kind === 'resume' && !connected.has(client)) {
      connected.add(client);
      told.push((checker) => checker.recovered(client, CHANNEL, true));
    }
    if (kind === 'expire') {
      connected.add(client);
      const start = end;
      at.set(client, start);
      told.push((checker) => checker.gap(client, CHANNEL, start));
    }
  }
  for (const client of CLIENTS) if (connected.has(client)) deliver(client);
  return { told, receipts };
}

function receipt(client: string, offset: number, id = `e${offset}`): Told {
  const envelope = { c: CHANNEL, o: offset, t: 0, d: { id } };
  return (checker) => checker.received(client, CHANNEL, envelope);
}

function verdictOn(told: readonly Told[]) {
  const checker = new SequenceChecker();
  for (const tell of told) tell(checker);
  return checker.verdict();
}

/** A history, and the place of one receipt in it. */
function withReceipt(steps: fc.Arbitrary<Step[]>) {
  return fc
    .tuple(steps, fc.nat())
    .map(([each, pick]) => {
      const history = play(each);
      const places = [...history.receipts.keys()];
      return { ...history, place: places[pick % places.length] ?? -1 };
    })
    .filter(({ place }) => place >= 0)
    .map((history) => ({ ...history, ...history.receipts.get(history.place)! }));
}

const anySteps = fc.array(step, { maxLength: 60 });
/** Histories at whose end everything is due to everybody. */
const withoutHoles = anySteps.map((steps) => [
  ...steps.filter(({ kind }) => kind !== 'expire'),
  ...CLIENTS.map((client): Step => ({ kind: 'resume', client })),
]);

describe('the sequence checker, on random histories', () => {
  it('finds nothing where every promise is kept', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        expect(verdictOn(play(steps).told).problems).toEqual([]);
      }),
    );
  });

  it('finds a receipt that is doubled', () => {
    fc.assert(
      fc.property(withReceipt(anySteps), ({ told, place }) => {
        expect(verdictOn(told.toSpliced(place, 0, told[place]!)).ok).toBe(false);
      }),
    );
  });

  it('finds a receipt with another id', () => {
    fc.assert(
      fc.property(withReceipt(anySteps), ({ told, place, client, offset }) => {
        expect(verdictOn(told.with(place, receipt(client, offset, 'forged'))).ok).toBe(false);
      }),
    );
  });

  it('finds two receipts that changed places', () => {
    fc.assert(
      fc.property(withReceipt(anySteps), ({ told, receipts, place, client }) => {
        fc.pre(receipts.get(place + 1)?.client === client);
        expect(verdictOn(told.toSpliced(place, 2, told[place + 1]!, told[place]!)).ok).toBe(false);
      }),
    );
  });

  it('finds a receipt that is missing', () => {
    fc.assert(
      fc.property(withReceipt(withoutHoles), ({ told, place }) => {
        expect(verdictOn(told.toSpliced(place, 1)).ok).toBe(false);
      }),
    );
  });
});
