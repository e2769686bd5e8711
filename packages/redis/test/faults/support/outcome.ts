import type { Roamer } from './roamer.js';
import type { Run } from './run.js';

/** What became of a run. */
export interface Outcome {
  /** What must not have been; one line each. */
  readonly problems: readonly string[];
  /** Acknowledged events that Redis itself has lost with the tail of a log: `CHANNEL OFFSET (ID)`. */
  readonly lost: readonly string[];
  readonly acknowledged: number;
  readonly received: number;
  readonly cuts: number;
  /** How often a client was told that it has everything, or of a hole. */
  readonly recovered: number;
  readonly holes: number;
  /** How often the connection of a client was ended that did not want to go. */
  readonly ends: number;
  /** How many of those who stay were told that the backend is away, and then that it is back. */
  readonly degraded: number;
  readonly healed: number;
  /** Whoever was never told of a hole. */
  readonly untold: readonly string[];
  /** Tries to publish that were refused, and of which nothing was known. */
  readonly refused: number;
  readonly unknown: number;
  /** All of it in a line. */
  readonly report: string;
}

export function outcomeOf(run: Run): Outcome {
  const { clients, publishers, world, checker, faults, options } = run;
  const { problems, lost } = checker.verdict();
  const told = (...what: string[]): number => sum(clients, (client) => toldOf(client, ...what));
  const found = {
    acknowledged: run.acknowledged,
    received: run.received,
    cuts: sum(clients, ({ cuts }) => cuts),
    recovered: told('recovered'),
    holes: told('unrecovered', 'gap'),
    ends: sum(run.steady, (client) => client.ends),
    degraded: run.steady.filter((client) => toldOf(client, 'degraded') > 0).length,
    healed: run.steady.filter((client) => toldOf(client, 'healed') > 0).length,
    untold: clients.filter((client) => toldOf(client, 'unrecovered', 'gap') === 0).map(({ name }) => name),
    refused: sum(publishers, ({ refused }) => refused),
    unknown: sum(publishers, ({ unknown }) => unknown),
  };
  const all = [
    ...problems,
    ...run.arrivals.problems,
    ...run.laggards,
    ...clients.flatMap(({ complaints }) => complaints),
    ...publishers.flatMap((publisher) => publisher.problems),
    ...world.casualties,
  ];
  const { acknowledged, received, cuts, recovered, holes, ends, refused, unknown } = found;
  const report =
    `${options.name} (seed ${options.seed}): ${acknowledged} events to ${clients.length} clients, ${received} received, ` +
    `over ${cuts} cuts and ${faults} faults; ` +
    `${recovered} recovered, ${holes} told of a hole, ${ends} ended; publishes refused ${refused}, unknown ${unknown}; ` +
    `lost by Redis: ${lost.length || 'nothing'}; lost by us: ${all.length === 0 ? 'nothing' : 'SEE PROBLEMS'}`;
  return { ...found, problems: all, lost, report };
}

/** How often a client was told any of these. */
function toldOf(client: Roamer, ...what: string[]): number {
  return sum(what, (name) => client.told.get(name) ?? 0);
}

function sum<T>(list: readonly T[], of: (each: T) => number): number {
  return list.reduce((total, each) => total + of(each), 0);
}
