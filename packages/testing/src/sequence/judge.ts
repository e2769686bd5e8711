import { isDeepStrictEqual } from 'node:util';
import type { Life, Publication, Publications } from './publications.js';
import type { Receipt, Stretch } from './stream.js';

/** Compares what a client received in one stretch with what was published: each problem is a line. */
export function judgeStretch(
  client: string,
  channel: string,
  stretch: Stretch,
  publications: Publications,
): string[] {
  const label = `${client} on ${channel}`;
  const over = publications.lives.find((life) => endedIn(life, stretch, publications));
  if (over !== undefined) return judgeRewound(client, label, stretch, over, publications);
  const matches = stretch.receipts.map((receipt) => match(receipt, publications));
  const wrong = stretch.receipts.flatMap((receipt, index) => {
    const problem = judgeReceipt(client, receipt, matches[index], publications);
    return problem === undefined ? [] : [`${label} ${problem}`];
  });
  wrong.push(...doubles(stretch).map((problem) => `${label} ${problem}`));
  if (publications.lives.length === 0) return wrong;
  const life = publications.lives.findLast((each) => holds(each, stretch, matches));
  if (life === undefined) {
    // A life of which nothing was acknowledged owes nobody anything.
    return matches.every((publication) => publication === undefined) && !isStranded(stretch, publications)
      ? wrong
      : [...wrong, `${label} came into another epoch without having been told of a hole`];
  }
  if (stretch.open && life !== publications.current)
    return [...wrong, `${label} was not told that its epoch has ended`];
  const got = new Set(matches.map((publication) => publication?.offset));
  const lost = dueTo(client, stretch, matches, life).filter(({ offset }) => !got.has(offset));
  return lost.length === 0 ? wrong : [...wrong, `${label} lost ${describe(lost)}`];
}

/**
 * True where the client was told of a hole, and all that it had received before came from this life, which was rewound: what the log took
 * back may never have been acknowledged there, and be stored again elsewhere.
 */
function endedIn(life: Life, { start, open, receipts }: Stretch, publications: Publications): boolean {
  const { rewoundTo, entries } = life;
  if (open || rewoundTo === undefined || (start?.epoch ?? life.epoch) !== life.epoch) return false;
  return receipts.every(
    ({ offset, id }) =>
      entries.get(offset)?.id === id ||
      publications.mayHaveBeenStored(id) ||
      (offset > rewoundTo && publications.knows(id)),
  );
}

function judgeRewound(
  client: string,
  label: string,
  stretch: Stretch,
  life: Life,
  publications: Publications,
): string[] {
  const own = ({ offset, id }: Receipt): Publication | undefined => {
    const publication = life.entries.get(offset);
    return publication?.id === id ? publication : undefined;
  };
  const matches = stretch.receipts.map(own);
  const wrong = stretch.receipts.flatMap((receipt, index) => {
    const problem = matches[index] && judgeReceipt(client, receipt, matches[index], publications);
    return problem === undefined ? [] : [`${label} ${problem}`];
  });
  const got = new Set(stretch.receipts.map(({ offset }) => offset));
  const lost = dueTo(client, stretch, matches, life).filter(({ offset }) => !got.has(offset));
  const loss = lost.length === 0 ? [] : [`${label} lost ${describe(lost)}`];
  return [...wrong, ...doubles(stretch).map((problem) => `${label} ${problem}`), ...loss];
}

/** True where all of the stretch may have come from this life. */
function holds(life: Life, { start }: Stretch, matches: readonly (Publication | undefined)[]): boolean {
  // A test that tells no epochs knows of one, whatever it is called.
  if (start?.epoch !== undefined && life.epoch !== '' && start.epoch !== life.epoch) return false;
  return matches.every(
    (publication) => publication === undefined || life.entries.get(publication.offset)?.id === publication.id,
  );
}

/** At the end of all, it is in an epoch that is over. */
function isStranded({ start, open }: Stretch, { lives }: Publications): boolean {
  return open && lives.some(({ epoch }) => epoch === start?.epoch);
}

/** The publication that was received; where none has the id, and none of unknown outcome, any at its offset. */
function match({ offset, id }: Receipt, publications: Publications): Publication | undefined {
  const there = publications.at(offset);
  const same = there.find((publication) => publication.id === id);
  return same ?? (publications.mayHaveBeenStored(id) ? undefined : there[0]);
}

function judgeReceipt(
  client: string,
  { offset, id, data }: Receipt,
  publication: Publication | undefined,
  publications: Publications,
): string | undefined {
  if (publication === undefined) {
    return publications.mayHaveBeenStored(id)
      ? undefined
      : `received offset ${offset} (${id}), which nobody published`;
  }
  if (publication.id !== id)
    return `received ${id} at offset ${offset}, where ${publication.id} was published`;
  if (publication.isFor?.(client) === false) return `received offset ${offset} (${id}), which is not for it`;
  if ('data' in publication && !isDeepStrictEqual(data, publication.data)) {
    return `received offset ${offset} (${id}) with data ${short(data)} instead of ${short(publication.data)}`;
  }
  return undefined;
}

/** A publish that was retried and stored twice has two offsets. */
function doubles({ receipts }: Stretch): string[] {
  const offsets = new Map<string, number>();
  return receipts.flatMap(({ id, offset }) => {
    const before = id === undefined ? undefined : offsets.get(id);
    if (id !== undefined) offsets.set(id, before ?? offset);
    return before === undefined || before === offset
      ? []
      : [`received ${id} twice, at offset ${before} and at ${offset}`];
  });
}

/** What a client must have received that was there for every offset of the stretch. */
function dueTo(
  client: string,
  { start, receipts, open }: Stretch,
  matches: readonly (Publication | undefined)[],
  life: Life,
): Publication[] {
  const from = start?.offset ?? receipts.reduce((least, { offset }) => Math.min(least, offset), Infinity) - 1;
  // What was received and never acknowledged may have been of a life that nobody else knows of.
  const last = matches.reduce(
    (most, publication) => Math.max(most, publication?.offset ?? -Infinity),
    -Infinity,
  );
  const to = open ? Infinity : last;
  return [...life.entries.values()].filter(
    ({ offset, isFor, mayBeSkipped }) =>
      offset > from && offset <= to && mayBeSkipped !== true && (isFor?.(client) ?? true),
  );
}

function describe(lost: Publication[]): string {
  lost.sort((a, b) => a.offset - b.offset);
  return `${lost.length} of what was published: offset ${ranges(lost)} (first ${lost[0]!.id})`;
}

/** `3-5, 9`. */
function ranges(lost: readonly Publication[]): string {
  const runs: [number, number][] = [];
  for (const { offset } of lost) {
    const run = runs.at(-1);
    if (run?.[1] === offset - 1) run[1] = offset;
    else runs.push([offset, offset]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(', ');
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
