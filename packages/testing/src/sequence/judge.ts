import { isDeepStrictEqual } from 'node:util';
import type { Publication, Publications } from './publications.js';
import type { Receipt, Stretch } from './stream.js';

/** Compares what a client received in one stretch with what was published: each problem is a line. */
export function judgeStretch(
  client: string,
  channel: string,
  stretch: Stretch,
  publications: Publications,
): string[] {
  const label = `${client} on ${channel}`;
  const matches = stretch.receipts.map((receipt) => match(receipt, publications));
  const wrong = stretch.receipts.flatMap((receipt, index) => {
    const problem = judgeReceipt(client, receipt, matches[index], publications);
    return problem === undefined ? [] : [`${label} ${problem}`];
  });
  const epochs = new Set(matches.flatMap((publication) => publication?.epoch ?? []));
  if (epochs.size > 1) {
    return [...wrong, `${label} came into another epoch without having been told of a hole`];
  }
  const epoch = [...epochs][0] ?? publications.latestEpoch;
  if (epoch === undefined) return wrong;
  const got = new Set(matches);
  const lost = dueTo(client, stretch, publications, epoch).filter((publication) => !got.has(publication));
  return lost.length === 0 ? wrong : [...wrong, `${label} lost ${describe(lost)}`];
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

function dueTo(
  client: string,
  { start, receipts, open }: Stretch,
  publications: Publications,
  epoch: string,
): Publication[] {
  const offsets = receipts.map(({ offset }) => offset);
  const from = start ?? Math.min(...offsets) - 1;
  const to = open ? Infinity : Math.max(...offsets);
  return publications.dueTo(client, epoch, from, to);
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
