import assert from 'node:assert/strict';
import type { Envelope } from '@nestwire/protocol';
import { judgeStretch } from './sequence/judge.js';
import { Publications, type PublishedOptions } from './sequence/publications.js';
import { ClientStream, type StreamStart } from './sequence/stream.js';

export type { PublishedOptions } from './sequence/publications.js';
export type { StreamStart } from './sequence/stream.js';

/** What the clients that are watched are like. */
export interface SequenceCheckerOptions {
  /** The id of what was published, read from a received envelope. Default: `d.id`. */
  idOf?: (envelope: Envelope) => string | undefined;
  /**
   * True for clients that resume by a cursor which may be older than what they received last, and do not sort out
   * doubles themselves: a connection was cut inside a write. Default false: offsets never fall across a resume either.
   */
  mayRepeatOnResume?: boolean;
}

/** Whether the promises were kept. */
export interface SequenceVerdict {
  readonly ok: boolean;
  /** One readable line each. */
  readonly problems: readonly string[];
  /** How many publishes were acknowledged: a verdict on none says nothing. */
  readonly published: number;
  /** How many events were received, by all clients. */
  readonly received: number;
  /** What was acknowledged and then lost with its log, as {@link SequenceChecker.rewound} told: `orders:eu 7 (a7)`. */
  readonly lost: readonly string[];
}

/**
 * Watches what is published and what clients receive, and judges whether the promises were kept: offsets rise per client
 * and channel; nothing is lost, doubled, changed or received by whom it is not for; all of it except where the client
 * was told of a hole (`gap`, or `recovered: false`). Acknowledgements may be told after the receipts that they explain.
 */
export class SequenceChecker {
  private readonly publications = new Map<string, Publications>();
  private readonly clients = new Map<string, Map<string, ClientStream>>();
  private publishedCount = 0;
  private receivedCount = 0;

  constructor(private readonly options: SequenceCheckerOptions = {}) {}

  /**
   * A publish was acknowledged with this offset. The same id again must have the same offset. Of a log that is lost and begins
   * anew, acknowledgements may be told in any order, but the last must be of the epoch that the log is in.
   */
  published(channel: string, offset: number, id: string, options: PublishedOptions = {}): void {
    this.publishedCount += 1;
    this.publicationsOf(channel).add(offset, id, options);
  }

  /** A publish failed with an unknown outcome: it may be received, or not. */
  unacknowledged(channel: string, id: string): void {
    this.publicationsOf(channel).addUnacknowledged(id);
  }

  /**
   * The log was rewound, by a failover or a crash, and goes on after this offset of the same epoch. What was acknowledged beyond
   * it so far is lost: it is listed, and whoever has received any of it must be told of a hole.
   */
  rewound(channel: string, epoch: string, offset: number): void {
    this.publicationsOf(channel).rewind(epoch, offset);
  }

  /**
   * The client's stream of the channel starts at the log's end. Where that is known everything after it is due; otherwise
   * everything after what it receives first.
   */
  subscribedLive(client: string, channel: string, start?: number | StreamStart): void {
    this.streamOf(client, channel).beginLive(startOf(start));
  }

  /**
   * The client came back with a position, and was told what became of it. The start is where its stream starts: with
   * `true` the position handed in, with `false` the log's end.
   */
  recovered(client: string, channel: string, recovered: boolean, start?: number | StreamStart): void {
    const stream = this.streamOf(client, channel);
    if (recovered) stream.resume(startOf(start), this.options.mayRepeatOnResume ?? false);
    else stream.beginAfterHole(startOf(start));
  }

  /** The client was told of a hole in its running stream; the start is where it goes on. */
  gap(client: string, channel: string, start?: number | StreamStart): void {
    this.streamOf(client, channel).beginAfterHole(startOf(start));
  }

  /** The client received an event, replayed or live. */
  received(client: string, channel: string, envelope: Envelope): void {
    this.receivedCount += 1;
    const id = (this.options.idOf ?? idInData)(envelope);
    this.streamOf(client, channel).receive({ offset: envelope.o, id, data: envelope.d });
  }

  /** The client went away, or unsubscribed: nothing more is due to it until it comes back. */
  left(client: string, channel: string): void {
    this.streamOf(client, channel).leave();
  }

  /** Judges all that was told so far. What is still on its way counts as lost: wait for it first. */
  verdict(): SequenceVerdict {
    const problems = [
      ...[...this.publications.values()].flatMap((publications) => publications.problems),
      ...[...this.clients].flatMap(([client, streams]) =>
        [...streams].flatMap(([channel, stream]) => this.judge(client, channel, stream)),
      ),
    ];
    return {
      ok: problems.length === 0,
      problems,
      published: this.publishedCount,
      received: this.receivedCount,
      lost: [...this.publications].flatMap(([channel, { lost }]) =>
        lost.map(({ offset, id }) => `${channel} ${offset} (${id})`),
      ),
    };
  }

  /** Throws an `AssertionError` that lists every problem. */
  assertOk(): void {
    const { problems } = this.verdict();
    if (problems.length > 0) assert.fail(problems.join('\n'));
  }

  private judge(client: string, channel: string, stream: ClientStream): string[] {
    const publications = this.publicationsOf(channel);
    return [
      ...stream.problems,
      ...stream.stretches.flatMap((stretch) => judgeStretch(client, channel, stretch, publications)),
    ];
  }

  private publicationsOf(channel: string): Publications {
    const known = this.publications.get(channel) ?? new Publications(channel);
    this.publications.set(channel, known);
    return known;
  }

  private streamOf(client: string, channel: string): ClientStream {
    const streams = this.clients.get(client) ?? new Map<string, ClientStream>();
    this.clients.set(client, streams);
    const stream = streams.get(channel) ?? new ClientStream(`${client} on ${channel}`);
    streams.set(channel, stream);
    return stream;
  }
}

function startOf(start: number | StreamStart | undefined): StreamStart | undefined {
  return typeof start === 'number' ? { offset: start } : start;
}

function idInData({ d }: Envelope): string | undefined {
  return typeof d === 'object' && d !== null && 'id' in d && typeof d.id === 'string' ? d.id : undefined;
}
