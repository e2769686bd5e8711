/** What a test knows of a publish besides its place and id. */
export interface PublishedOptions {
  /** The log's epoch, where the test knows of more than one. Default: one for the channel's whole life. */
  epoch?: string;
  /** What `d` must be equal to, wherever the event is received. */
  data?: unknown;
  /** Who may receive it: others must not, and lose nothing. Default: everybody. */
  isFor?: (client: string) => boolean;
  /** True where it may be skipped: it has a short life of its own, or may be merged with another. */
  mayBeSkipped?: boolean;
}

/** One publish that was acknowledged. */
export interface Publication extends PublishedOptions {
  readonly epoch: string;
  readonly offset: number;
  readonly id: string;
}

/** A log without a break, by offset. Each epoch is one; where a log was rewound within its epoch, what came after is another. */
export interface Life {
  readonly epoch: string;
  readonly entries: Map<number, Publication>;
  readonly byId: Map<string, Publication>;
  /** Where the log was rewound to, which ended it: what came after may have been received, acknowledged or not. */
  rewoundTo?: number;
}

/** Every publish to one channel. */
export class Publications {
  /** Acknowledgements that contradict one another. */
  readonly problems: string[] = [];
  /** In the order in which they were heard of. */
  readonly lives: Life[] = [];
  /** The one that the log is in: acknowledgements of an earlier one may come late, but not last. */
  current: Life | undefined;
  /** What was acknowledged, and taken back when the log was rewound. */
  readonly lost: Publication[] = [];
  private readonly unacknowledged = new Set<string>();

  constructor(private readonly channel: string) {}

  add(offset: number, id: string, options: PublishedOptions): void {
    const publication = { ...options, epoch: options.epoch ?? '', offset, id };
    const life =
      this.lives.findLast(({ epoch }) => epoch === publication.epoch) ?? this.begin(publication.epoch, []);
    this.current = life;
    this.compare(life, publication);
    put(life, publication);
    this.addToEarlier(life, publication);
  }

  addUnacknowledged(id: string): void {
    this.unacknowledged.add(id);
  }

  /** True for the id of a publish whose outcome is unknown. */
  mayHaveBeenStored(id: string | undefined): boolean {
    return id !== undefined && this.unacknowledged.has(id);
  }

  /** True for an id that was acknowledged anywhere, or may have been stored. */
  knows(id: string | undefined): boolean {
    return this.mayHaveBeenStored(id) || (id !== undefined && this.lives.some(({ byId }) => byId.has(id)));
  }

  /** The log of this epoch goes on after the offset, and what was acknowledged beyond it so far is lost. */
  rewind(epoch: string, offset: number): void {
    const life = this.lives.findLast((each) => each.epoch === epoch);
    if (life === undefined) return;
    life.rewoundTo = offset;
    this.lost.push(...[...life.entries.values()].filter((publication) => publication.offset > offset));
    this.current = this.begin(
      epoch,
      [...life.entries.values()].filter((publication) => publication.offset <= offset),
    );
  }

  /** All that were acknowledged at the offset, one per life. */
  at(offset: number): Publication[] {
    return this.lives.flatMap(({ entries }) => entries.get(offset) ?? []);
  }

  /** What the log kept when it was rewound was there before, even where it was acknowledged only then. */
  private addToEarlier(life: Life, publication: Publication): void {
    for (let i = this.lives.indexOf(life) - 1; i >= 0; i -= 1) {
      const { epoch, rewoundTo = -1 } = this.lives[i]!;
      if (epoch !== life.epoch) continue;
      if (publication.offset > rewoundTo) return;
      put(this.lives[i]!, publication);
    }
  }

  private begin(epoch: string, kept: readonly Publication[]): Life {
    const life: Life = { epoch, entries: new Map(), byId: new Map() };
    for (const publication of kept) put(life, publication);
    this.lives.push(life);
    return life;
  }

  private compare({ entries, byId }: Life, { offset, id }: Publication): void {
    const [samePlace, sameId] = [entries.get(offset), byId.get(id)];
    if (samePlace !== undefined && samePlace.id !== id) {
      this.problems.push(
        `${this.channel}: offset ${offset} was acknowledged for ${samePlace.id} and for ${id}`,
      );
    }
    if (sameId !== undefined && sameId.offset !== offset) {
      this.problems.push(
        `${this.channel}: ${id} was acknowledged at offset ${sameId.offset} and at ${offset}`,
      );
    }
  }
}

function put({ entries, byId }: Life, publication: Publication): void {
  entries.set(publication.offset, publication);
  byId.set(publication.id, publication);
}
