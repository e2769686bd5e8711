import { shortName } from './names.js';

/** What came of one interruption: which events were replayed, and whether any is missing. */
export class Recovery {
  #heads;
  #channels = new Map();

  /** `heads`: the last offset of each channel before the interruption. */
  constructor(heads) {
    this.#heads = new Map(heads);
  }

  /** The channel goes on, `recovered` or not. */
  start({ channel, recovered, replay }) {
    const head = this.#heads.get(channel);
    this.#channels.set(channel, {
      recovered,
      promised: replay,
      from: undefined,
      to: head,
      count: 0,
      hasHole: false,
    });
  }

  /** A replayed event has come. */
  add({ channel, offset }) {
    const state = this.#channels.get(channel);
    if (state === undefined) return;
    if (state.to !== undefined && offset !== state.to + 1) state.hasHole = true;
    state.from ??= offset;
    state.to = offset;
    state.count += 1;
  }

  /** False as soon as one channel was not recovered. */
  get recovered() {
    return this.#all().every(({ recovered }) => recovered !== false);
  }

  get count() {
    return this.#all().reduce((total, { count }) => total + count, 0);
  }

  get isComplete() {
    return this.#all().every(({ count, promised }) => count >= promised);
  }

  /** In a sentence: `7 events replayed, machine offsets 120–126, nothing lost`. */
  toString() {
    const channels = [...this.#channels];
    const spans = channels
      .filter(([, { count }]) => count > 0)
      .map(([channel, span]) => `${shortName(channel)} ${offsetsOf(span)}`);
    const lost = channels
      .filter(([, { recovered }]) => recovered === false)
      .map(([channel]) => shortName(channel));
    const count = `${this.count} ${this.count === 1 ? 'event' : 'events'} replayed`;
    if (lost.length === 0) return [count, ...spans, this.#verdict()].join(', ');
    const loss = `${lost.join(', ')}: the log no longer holds what was missed`;
    return this.count === 0 ? loss : [count, ...spans, loss].join(', ');
  }

  #verdict() {
    if (!this.isComplete) return 'more to come';
    return this.#all().some(({ hasHole }) => hasHole) ? 'with a hole' : 'nothing lost';
  }

  #all() {
    return [...this.#channels.values()];
  }
}

function offsetsOf({ from, to }) {
  return from === to ? `offset ${from}` : `offsets ${from}–${to}`;
}
