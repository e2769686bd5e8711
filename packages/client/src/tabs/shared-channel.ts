import { decodeCursor, type Position, type SubscriptionOutcome } from '@nestwire/protocol';

/** One tab's place in a channel. */
export interface Place {
  /** Where the tab is; undefined: it is to start live. */
  position: string | undefined;
  /** It gets the channel's events. */
  isStarted: boolean;
  /** It has heard that the channel has started, and is not told again. */
  isTold: boolean;
  /** It has had what is up to here. */
  skipTo: number;
  /** It started live: what is replayed is for others. */
  isLive: boolean;
  readonly tell: (outcome: SubscriptionOutcome) => void;
}

/** These start with what the channel holds: a tab without a position needs that, whoever else follows. */
const WITH_SNAPSHOT = /^\$(state|presence):/;

/**
 * A channel that the tabs follow over one subscription, each from where it is itself. The subscription starts where the tab is that is
 * furthest behind; each gets what comes after its own place.
 */
export class SharedChannel {
  readonly places = new Map<string, Place>();
  phase: 'none' | 'starting' | 'running' = 'none';
  /** Where the subscription is, or is to start. */
  position: string | undefined;
  private readonly hasSnapshot: boolean;

  constructor(name: string) {
    this.hasSnapshot = WITH_SNAPSHOT.test(name);
  }

  add(member: string, position: string | undefined, tell: Place['tell']): void {
    const place = { position, isStarted: false, isTold: false, skipTo: -1, isLive: false, tell };
    this.places.set(member, place);
    const isLevel = position === this.position || (position === undefined && !this.hasSnapshot);
    if (this.phase === 'running' && isLevel) this.start(place, this.here(position !== undefined));
  }

  /** Somebody waits for a start that is not on its way. */
  get needsStart(): boolean {
    return this.phase !== 'starting' && [...this.places.values()].some(({ isStarted }) => !isStarted);
  }

  /** The subscription is made now, from {@link position}. */
  starting(): void {
    for (const place of this.places.values()) {
      if (place.isStarted) place.position = this.position;
      place.isStarted = false;
    }
    this.position = this.furthestBehind();
    this.phase = 'starting';
  }

  /** What became of it. Those for whom it does not do are left waiting: see {@link needsStart}. */
  started(outcome: SubscriptionOutcome): void {
    const wasRunning = this.phase === 'running';
    this.phase = 'running';
    if ('error' in outcome) return this.refuse(outcome);
    if (wasRunning && outcome.recovered === false)
      for (const place of this.places.values()) this.start(place, outcome);
    const asked = this.position;
    this.position = outcome.position ?? asked;
    for (const place of this.places.values()) if (!place.isStarted) this.offer(place, asked, outcome);
  }

  /** Whoever could not be started has a hole, and goes on from here. */
  giveUp(): void {
    if (this.phase !== 'running') return;
    for (const place of this.places.values())
      if (!place.isStarted) this.start(place, { ...this.here(false), recovered: false, replay: 0 });
  }

  takes(member: string, { o, r }: { o: number; r?: 1 }): boolean {
    const place = this.places.get(member);
    return place?.isStarted === true && o > place.skipTo && !(place.isLive && r === 1);
  }

  /** Whether a tab is at least there. */
  mayMove(member: string, position: string): boolean {
    const place = this.places.get(member);
    return place?.isStarted === true && (read(position)?.offset ?? 0) >= place.skipTo;
  }

  /** After a hole offsets may begin again. */
  lose(position: string | undefined): void {
    this.position = position ?? this.position;
    for (const place of this.places.values()) place.skipTo = -1;
  }

  private offer(
    place: Place,
    asked: string | undefined,
    outcome: Exclude<SubscriptionOutcome, { error: unknown }>,
  ): void {
    const { position } = place;
    const { recovered } = outcome;
    if (recovered !== true) {
      // Without a position, or with one that nobody can recover, the stream is at the log's end, or begins with a snapshot.
      const { recovered: _, ...fresh } = outcome;
      if (position === undefined) this.start(place, fresh);
      else if (position === asked) this.start(place, outcome);
      else if (asked === undefined && this.hasSnapshot)
        this.start(place, { ...outcome, recovered: true, position });
      return;
    }
    if (position === undefined) {
      if (!this.hasSnapshot) this.start(place, { replay: 0 }, { isLive: true });
      return;
    }
    const [own, first] = [read(position), read(asked)];
    const isCovered = own !== undefined && own.epoch === first?.epoch && own.offset >= first.offset;
    if (isCovered) this.start(place, { ...outcome, position });
    else if (this.hasSnapshot) place.position = undefined;
    else this.start(place, { replay: 0, recovered: false }, { isLive: true });
  }

  private start(
    place: Place,
    outcome: SubscriptionOutcome,
    { isLive }: { isLive: boolean } = { isLive: false },
  ): void {
    const isRecovered = 'recovered' in outcome && outcome.recovered === true;
    place.skipTo = isRecovered ? (read(place.position)?.offset ?? -1) : -1;
    place.isLive = isLive;
    place.isStarted = true;
    if (!place.isTold || !isRecovered) place.tell(outcome);
    place.isTold = true;
  }

  private refuse(outcome: SubscriptionOutcome): void {
    const places = [...this.places.values()];
    this.places.clear();
    for (const place of places) place.tell(outcome);
  }

  private here(isRecovered: boolean): SubscriptionOutcome {
    const { position } = this;
    const recovered = isRecovered ? { recovered: true } : {};
    return { replay: 0, ...recovered, ...(position === undefined ? {} : { position }) };
  }

  private furthestBehind(): string | undefined {
    const positions = [...this.places.values()].map(({ position }) => position);
    if (this.hasSnapshot && positions.includes(undefined)) return undefined;
    const known = positions.filter((position) => position !== undefined);
    const epoch = read(this.position ?? known[0])?.epoch;
    const comparable = known.filter((position) => read(position)?.epoch === epoch);
    const all = comparable.length > 0 ? comparable : known;
    return all.sort((a, b) => (read(a)?.offset ?? 0) - (read(b)?.offset ?? 0))[0];
  }
}

function read(position: string | undefined): Position | undefined {
  return position === undefined ? undefined : decodeCursor(position)?.values().next().value;
}
