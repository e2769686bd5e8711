import { SeededRandom, waitFor } from '@nestwire/harness';
import type { Position } from '@nestwire/protocol';
import { SequenceChecker } from '@nestwire/testing';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Arrivals } from './arrivals.js';
import { Publisher } from './publisher.js';
import { Roamer } from './roamer.js';
import { type Outcome, outcomeOf } from './outcome.js';
import { DEFAULTS, type RunOptions } from './run-options.js';
import type { World } from './world.js';

const PATIENCE = { timeoutMs: 40_000, intervalMs: 20 };
/** A verdict on less says little: acknowledged publishes, receipts of each of them, returns without a hole. */
const ENOUGH = { acknowledged: 250, receiptsEach: 6, recovered: 20 };

/** Publishers and clients at work on channels of their own, while something goes wrong. */
export class Run implements AsyncDisposable {
  readonly checker = new SequenceChecker({ mayRepeatOnResume: true });
  readonly channels: readonly string[];
  readonly clients: readonly Roamer[];
  readonly publishers: readonly Publisher[];
  readonly random: SeededRandom;
  /** How often something went wrong on purpose. */
  faults = 0;
  /** Whoever had not received everything in the end, or still took the backend to be away. */
  laggards: readonly string[] = [];
  readonly arrivals = new Arrivals(this.checker);
  private isOver = false;
  private readonly publishing: Promise<unknown>;
  private readonly roaming: Promise<unknown>;

  constructor(
    readonly world: World,
    readonly options: RunOptions,
  ) {
    const settings = { ...DEFAULTS, ...options };
    const random = (this.random = new SeededRandom(options.seed));
    const run = randomUUID().slice(0, 8);
    this.channels = settings.kinds.map((kind, index) => `${kind}:${run}-${index}`);
    const { checker, channels } = this;
    const { stayMs, restMs, padLength, silenceMs } = settings;
    this.publishers = Array.from(
      { length: settings.publishers },
      (_, index) =>
        new Publisher({
          name: `p${index}`,
          world,
          channels,
          checker,
          random: random.fork(),
          restMs,
          padLength,
        }),
    );
    const clientOptions = { channels, witness: this.arrivals, world, silenceMs };
    this.clients = [
      ...Array.from(
        { length: settings.roamers },
        (_, i) => new Roamer({ ...clientOptions, name: `roamer${i}`, random: random.fork(), stayMs }),
      ),
      ...Array.from(
        { length: settings.steady },
        (_, i) => new Roamer({ ...clientOptions, name: `steady${i}`, random: random.fork() }),
      ),
    ];
    this.roaming = Promise.all(this.clients.map((client) => client.run()));
    this.publishing = Promise.all(this.publishers.map((publisher) => publisher.run(() => this.isOver)));
  }

  get steady(): readonly Roamer[] {
    return this.clients.filter(({ isSteady }) => isSteady);
  }

  get acknowledged(): number {
    return this.publishers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  }

  get received(): number {
    return this.clients.reduce((sum, { received }) => sum + received, 0);
  }

  /** Everybody has been here, those who stay are here, and so many more events were acknowledged. */
  async flow(count = 150): Promise<void> {
    const before = this.acknowledged;
    const isFlowing = (): boolean =>
      this.acknowledged >= before + count &&
      this.steady.every(({ isAway }) => !isAway) &&
      this.clients.every((client) => client.positionIn(this.channels[0]!) !== undefined);
    await waitFor(isFlowing, { ...PATIENCE, what: `${count} more publishes, and everybody to be there` });
  }

  /** As much has been done as a verdict needs, however quickly what went wrong was over. */
  async work(): Promise<void> {
    const recovered = (): number =>
      this.clients.reduce((sum, { told }) => sum + (told.get('recovered') ?? 0), 0);
    const isEnough = (): boolean =>
      this.acknowledged > ENOUGH.acknowledged &&
      this.received > this.acknowledged * ENOUGH.receiptsEach &&
      recovered() > ENOUGH.recovered;
    await waitFor(isEnough, { ...PATIENCE, what: 'enough publishes, receipts and returns' });
  }

  /** While it lasts nothing can be stored: nobody may receive what is published from now on. */
  async apart<T>(work: () => Promise<T>): Promise<T> {
    this.arrivals.forbid(this.publishers);
    try {
      return await work();
    } finally {
      this.arrivals.allow();
    }
  }

  /** Waits for some time, drawn between the two, in milliseconds. */
  rest(low: number, high = low): Promise<void> {
    return sleep(this.random.between(low, high));
  }

  /** Ends the publishing, waits until everybody has come back and is level with every channel, and judges. */
  async finish(patienceMs = PATIENCE.timeoutMs): Promise<Outcome> {
    this.isOver = true;
    await this.publishing;
    for (const client of this.clients) client.rest();
    await this.roaming;
    await Promise.all(this.clients.map((client) => client.comeAnywhere()));
    // A node that has not looked at a log since that was rewound will still begin an epoch, after whatever is published.
    await waitFor(() => !this.clients.some(({ isDegraded }) => isDegraded), { timeoutMs: patienceMs }).catch(
      () => undefined,
    );
    const [last] = this.publishers;
    await last!.publishToAll();
    await this.level(last!, patienceMs);
    return outcomeOf(this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isOver = true;
    for (const each of [...this.clients, ...this.publishers]) each.quit();
    await Promise.all([this.publishing, this.roaming]);
  }

  /** Waits until everybody has what was published last, and knows that all is well again. */
  private async level({ ends }: Publisher, timeoutMs: number): Promise<void> {
    const behind = (client: Roamer): string[] =>
      [...ends].flatMap(([channel, end]) => {
        const at = client.positionIn(channel);
        const isLevel = at?.epoch === end.epoch && at.offset >= end.offset;
        return isLevel ? [] : `${client.name} is at ${show(at)} of ${channel}, which is at ${show(end)}`;
      });
    const laggards = (): string[] =>
      this.clients.flatMap((client) => [
        ...behind(client),
        ...(client.isDegraded ? [`${client.name} was not told that the backend is back`] : []),
      ]);
    await waitFor(() => laggards().length === 0, { timeoutMs }).catch(() => undefined);
    this.laggards = laggards();
  }
}

function show(position: Position | undefined): string {
  return position === undefined ? 'none' : `${position.epoch}-${position.offset}`;
}
