/** One reading: what one entrant has cost in one case and one round. */
export interface Measurement {
  /** What is measured: "1,000 listeners, window 64". */
  readonly case: string;
  readonly entrant: string;
  readonly round: number;
  readonly figures: Readonly<Record<string, number>>;
}

export interface Column {
  /** Name of the figure in {@link Measurement.figures}. */
  readonly figure: string;
  readonly title: string;
  /** Digits after the point. Default 2. */
  readonly digits?: number;
}

/** A ratio that is to be reached, of medians of the same run. */
export interface Target {
  readonly case: string;
  readonly entrant: string;
  readonly figure: string;
  /** What it is compared with: another entrant, the least of several, or nothing, where the figure itself is meant. */
  readonly against?: string | readonly string[];
  /** Where the figure it is compared with has another case. Default: the same. */
  readonly againstCase?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface RunOptions {
  readonly rounds: number;
  /** Shorter, for a first look. */
  readonly quick: boolean;
  /** Runs the packages from their source, not as they are built. */
  readonly fromSource: boolean;
  /** Takes a reading down as it comes. */
  readonly record: (measurement: Measurement) => void;
}

/** A quick run does without the entrants that come out like another. */
export function entrantsFor<E extends { readonly name: string }>(
  entrants: readonly E[],
  quick: boolean,
): readonly E[] {
  return quick ? entrants.filter(({ name }) => !/sharded|streams/.test(name)) : entrants;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** What it does, and how to read its figures: a few sentences of Markdown. */
  readonly about: string;
  readonly columns: readonly Column[];
  /** The figure that is drawn. */
  readonly plotted: string;
  readonly targets: readonly Target[];
  /** What stands in the way of its targets: said where one of them is missed. Markdown. */
  readonly obstacles?: string;
  /** Rounds in a full run and in a quick one. */
  readonly rounds: { readonly full: number; readonly quick: number };
  run(options: RunOptions): Promise<void>;
}

/** What a scenario came to, as it is written down. */
export interface ScenarioResult {
  readonly scenario: string;
  readonly date: string;
  readonly quick: boolean;
  readonly rounds: number;
  readonly seconds: number;
  readonly machine: Readonly<Record<string, string>>;
  readonly measurements: readonly Measurement[];
  /** What went wrong, where something did. */
  readonly failures: readonly string[];
}
