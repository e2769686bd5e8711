import type { SeededRandom } from '@nestwire/harness';
import type { ErrorBody } from '@nestwire/protocol';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DocumentBooks } from './document-books.js';
import type { Edit } from './edit.js';
import type { World } from './world.js';

interface Answer {
  readonly version?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly error?: ErrorBody;
}

/** Edits a document that others edit as well, through any node, and keeps the books. */
export class Editor {
  private count = 0;
  /** How many fields of its own it has begun: what became of the last change of the one before is not known. */
  private generation = 0;

  constructor(
    private readonly name: string,
    private readonly world: World,
    private readonly id: string,
    private readonly books: DocumentBooks,
    private readonly random: SeededRandom,
  ) {}

  async run(isOver: () => boolean): Promise<void> {
    const edits = [() => this.increment(), () => this.append(), () => this.write(), () => this.claim()];
    while (!isOver()) {
      this.count += 1;
      await this.random.pick(edits)();
      await sleep(this.random.between(0, 20));
    }
  }

  /** The same field as everybody, which no version guards. */
  private async increment(): Promise<void> {
    this.books.incremented(await this.commit({ kind: 'increment', field: 'total' }));
  }

  /** The same field as everybody, guarded by its version. */
  private async append(): Promise<void> {
    const item = `${this.name}-${this.count}`;
    this.books.appended(item, await this.commit({ kind: 'append', field: 'items', item }));
  }

  /** A field of its own, which nothing guards. */
  private async write(): Promise<void> {
    const field = `${this.name}:${this.generation}`;
    const outcome = await this.commit({ kind: 'patch', changes: { [field]: this.count } });
    this.books.wrote(field, this.count, outcome);
    // What may still be on its way is not to run after what is written next.
    if (outcome === 'unknown') this.generation += 1;
  }

  /** A field that belongs to whoever is the first to write after a version. */
  private async claim(): Promise<void> {
    const { version } = (await read(this.random.pick(this.world.urls), this.id)) ?? {};
    if (version === undefined) return;
    const changes = { claim: `${this.name}-${this.count}` };
    this.books.claimed(
      version,
      await this.commit({ kind: 'patch', changes, options: { ifVersion: version } }),
    );
  }

  private async commit(edit: Edit): Promise<EditOutcome> {
    const answer = await ask(this.random.pick(this.world.urls), this.id, edit);
    if (answer?.version !== undefined) return 'stored';
    const details = answer?.error?.details as { outcome?: unknown } | undefined;
    if (answer?.error === undefined || details?.outcome === 'unknown') return 'unknown';
    if (!['conflict', 'unavailable'].includes(answer.error.code))
      this.books.problems.push(`${this.name} was told ${answer.error.code}: ${answer.error.message}`);
    return 'refused';
  }
}

/** What its editor knows of an edit. */
export type EditOutcome = 'stored' | 'refused' | 'unknown';

/** Undefined where there was no answer. */
export async function read(url: string, id: string): Promise<Answer | undefined> {
  return ask(url, id);
}

async function ask(url: string, id: string, edit?: Edit): Promise<Answer | undefined> {
  const post = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(edit),
  };
  try {
    const signal = AbortSignal.timeout(10_000);
    const response = await fetch(`${url}/documents/${id}`, { ...(edit === undefined ? {} : post), signal });
    return (await response.json()) as Answer;
  } catch {
    return undefined;
  }
}
