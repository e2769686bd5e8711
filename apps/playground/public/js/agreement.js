import { el } from './dom.js';
import { shortName } from './names.js';

/** So many events are remembered until the other view has them too. */
const MAX_WAITING = 1_000;
/** The feeds, in their order. */
const NAMES = ['SSE', 'WebSocket'];

/** Compares what two feeds bring, event by event, and says whether they agree. */
export class Agreement {
  #element;
  #shown;
  #heads = [new Map(), new Map()];
  #waiting = [new Map(), new Map()];
  /** Offsets that a feed passed over: it was told that it had lost them. */
  #missed = [0, 0];
  #same = 0;
  #different = 0;
  #scheduled = false;

  /** `shown` tells the channels that both views show. */
  constructor({ element, shown }) {
    this.#element = element;
    this.#shown = shown;
  }

  follow(feeds) {
    feeds.forEach((feed, side) => {
      feed.addEventListener(
        'start',
        ({ detail }) => detail.recovered === false && this.#forget(detail.channel),
      );
      feed.addEventListener('event', ({ detail }) => this.#received(side, detail));
      feed.addEventListener('state', () => this.#schedule());
    });
  }

  #received(side, { channel, offset, event, data }) {
    if (!this.#shown().includes(channel)) return;
    const head = this.#heads[side].get(channel);
    this.#heads[side].set(channel, offset);
    if (event === 'state.snapshot') return this.#schedule();
    if (head !== undefined) this.#missed[side] += Math.max(0, offset - head - 1);
    this.#compare(side, `${channel} ${offset}`, JSON.stringify([event, data]));
    this.#schedule();
  }

  #compare(side, key, text) {
    const others = this.#waiting[1 - side];
    const other = others.get(key);
    others.delete(key);
    if (other === undefined) remember(this.#waiting[side], key, text);
    else if (other === text) this.#same += 1;
    else this.#different += 1;
  }

  /** One feed does not have what the other has, or the log is another: offsets mean something else then. */
  #forget(channel) {
    for (const waiting of this.#waiting)
      for (const key of waiting.keys()) if (key.startsWith(`${channel} `)) waiting.delete(key);
  }

  /** Both feeds have the same news a moment apart: shown is what is left of it. */
  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => {
      this.#scheduled = false;
      this.#show();
    }, 60);
  }

  #show() {
    const [sse, socket] = this.#heads;
    const shared = this.#shown().filter((channel) => sse.has(channel) && socket.has(channel));
    const behind = (a, b) =>
      shared.reduce((total, channel) => total + Math.max(0, b.get(channel) - a.get(channel)), 0);
    const [sseBehind, socketBehind] = [behind(sse, socket), behind(socket, sse)];
    this.#element.dataset.agrees = String(this.#different === 0 && sseBehind + socketBehind === 0);
    this.#element.replaceChildren(
      el('strong', {}, this.#verdict(sseBehind, socketBehind)),
      el(
        'span',
        {},
        [`${this.#same} events compared, ${this.#different} differ`, ...this.#losses()].join('; '),
      ),
      ...shared.map((channel) => headOf(channel, sse.get(channel), socket.get(channel))),
    );
  }

  #losses() {
    return NAMES.flatMap((name, side) =>
      this.#missed[side] > 0 ? [`${name} was told that it lost ${this.#missed[side]}`] : [],
    );
  }

  #verdict(sseBehind, socketBehind) {
    if (this.#different > 0) return 'The views differ';
    const parts = [sseBehind, socketBehind].flatMap((count, side) =>
      count > 0 ? [`${NAMES[side]} is ${count} behind`] : [],
    );
    return parts.length === 0 ? 'Both views agree' : parts.join(', ');
  }
}

function headOf(channel, sse, socket) {
  const offsets = sse === socket ? `#${sse}` : `#${sse} ≠ #${socket}`;
  return el('span', { class: 'head' }, shortName(channel), ' ', el('code', {}, offsets));
}

function remember(map, key, text) {
  map.set(key, text);
  if (map.size > MAX_WAITING) map.delete(map.keys().next().value);
}
