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

/** Every publish to one channel, by epoch and offset. */
export class Publications {
  /** Acknowledgements that contradict one another. */
  readonly problems: string[] = [];
  private readonly epochs = new Map<string, Map<number, Publication>>();
  private readonly placesById = new Map<string, Publication>();
  private readonly unacknowledged = new Set<string>();

  constructor(private readonly channel: string) {}

  add(offset: number, id: string, options: PublishedOptions): void {
    const publication = { ...options, epoch: options.epoch ?? '', offset, id };
    const epoch = this.epochs.get(publication.epoch) ?? new Map<number, Publication>();
    this.epochs.set(publication.epoch, epoch);
    this.compare(epoch.get(offset), this.placesById.get(`${publication.epoch} ${id}`), publication);
    epoch.set(offset, publication);
    this.placesById.set(`${publication.epoch} ${id}`, publication);
  }

  addUnacknowledged(id: string): void {
    this.unacknowledged.add(id);
  }

  /** True for the id of a publish whose outcome is unknown. */
  mayHaveBeenStored(id: string | undefined): boolean {
    return id !== undefined && this.unacknowledged.has(id);
  }

  /** All that were acknowledged at the offset, one per epoch. */
  at(offset: number): Publication[] {
    return [...this.epochs.values()].flatMap((epoch) => epoch.get(offset) ?? []);
  }

  /** The epoch that was published to last. */
  get latestEpoch(): string | undefined {
    return [...this.epochs.keys()].at(-1);
  }

  /** What a client must have received that was there for every offset after `from`, up to `to`. */
  dueTo(client: string, epoch: string, from: number, to: number): Publication[] {
    return [...(this.epochs.get(epoch)?.values() ?? [])].filter(
      ({ offset, isFor, mayBeSkipped }) =>
        offset > from && offset <= to && mayBeSkipped !== true && (isFor?.(client) ?? true),
    );
  }

  private compare(
    samePlace: Publication | undefined,
    sameId: Publication | undefined,
    { offset, id }: Publication,
  ): void {
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
