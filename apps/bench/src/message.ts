/** What is published: numbered, so that whoever receives it can tell whether one is missing, doubled or out of order. */
export interface Message {
  readonly pad: string;
  /** When it was published: {@link now}. */
  readonly at: number;
  /** 0, 1, 2 …; last, so that whoever has read it has read it all. */
  readonly seq: number;
}

/** Size of a message as JSON, in bytes. */
const MESSAGE_BYTES = 200;

const PAD = 'x'.repeat(64 * 1024);

/** A message of exactly so many bytes as JSON. */
export function messageOf(seq: number, bytes = MESSAGE_BYTES): Message {
  const at = now();
  const rest = `{"pad":"","at":${at},"seq":${seq}}`.length;
  return { pad: PAD.slice(0, Math.max(0, bytes - rest)), at, seq };
}

/** Microseconds of the machine's monotonic clock: the same in all of its processes. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** The channel that a message goes to, of so many. */
export function channelOf(seq: number, channels: number): string {
  return `bench:${seq % channels}`;
}

export function channelNames(channels: number): string[] {
  return Array.from({ length: channels }, (_, index) => channelOf(index, channels));
}
