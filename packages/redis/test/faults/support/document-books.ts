import type { EditOutcome } from './editor.js';

/** What was done to a document, as those know who did it; judges what the document holds in the end. */
export class DocumentBooks {
  readonly problems: string[] = [];
  /** How many edits were acknowledged. */
  stored = 0;
  /** Of how many nothing is known. */
  unknown = 0;
  private readonly increments = { stored: 0, refused: 0, unknown: 0 };
  private readonly items = new Map<string, EditOutcome>();
  /** By field: the last value that was acknowledged, and the one that may have come after it. */
  private readonly written = new Map<string, { stored?: number; unknown?: number }>();
  private readonly claims = new Set<string>();

  incremented(outcome: EditOutcome): void {
    this.count(outcome);
    this.increments[outcome] += 1;
  }

  appended(item: string, outcome: EditOutcome): void {
    this.count(outcome);
    this.items.set(item, outcome);
  }

  wrote(field: string, value: number, outcome: EditOutcome): void {
    this.count(outcome);
    if (outcome !== 'refused') this.written.set(field, { ...this.written.get(field), [outcome]: value });
  }

  /** Two who were the first after one version: one of them has overwritten what it had not seen. */
  claimed(version: string, outcome: EditOutcome): void {
    this.count(outcome);
    if (outcome !== 'stored') return;
    if (this.claims.has(version)) this.problems.push(`two edits of version ${version} were acknowledged`);
    this.claims.add(version);
  }

  /** A line for each edit that was lost, doubled, or stored although it was refused. */
  verdict(fields: Readonly<Record<string, unknown>>): string[] {
    return [
      ...this.problems,
      ...this.judgeTotal(fields),
      ...this.judgeItems(fields),
      ...this.judgeWritten(fields),
    ];
  }

  private count(outcome: EditOutcome): void {
    if (outcome === 'stored') this.stored += 1;
    if (outcome === 'unknown') this.unknown += 1;
  }

  private judgeTotal({ total = 0 }: Readonly<Record<string, unknown>>): string[] {
    const { stored, unknown } = this.increments;
    const isRight = Number(total) >= stored && Number(total) <= stored + unknown;
    return isRight
      ? []
      : [`the total is ${String(total)}, after ${stored} increments and perhaps ${unknown} more`];
  }

  private judgeItems({ items = [] }: Readonly<Record<string, unknown>>): string[] {
    const counts = new Map<string, number>();
    for (const item of items as string[]) counts.set(item, (counts.get(item) ?? 0) + 1);
    const problems = [...counts.keys()]
      .filter((item) => !this.items.has(item))
      .map((item) => `who added ${item}?`);
    for (const [item, outcome] of this.items) {
      const times = counts.get(item) ?? 0;
      const isRight = outcome === 'stored' ? times === 1 : times <= (outcome === 'unknown' ? 1 : 0);
      if (!isRight) problems.push(`${item} was ${outcome}, and is there ${times} times`);
    }
    return problems;
  }

  private judgeWritten(fields: Readonly<Record<string, unknown>>): string[] {
    return [...this.written].flatMap(([field, { stored, unknown }]) => {
      const value = fields[field] as number | undefined;
      const isRight = value === stored || (unknown !== undefined && value === unknown);
      return isRight ? [] : [`${field} is ${value}, after ${stored} and perhaps ${unknown}`];
    });
  }
}
