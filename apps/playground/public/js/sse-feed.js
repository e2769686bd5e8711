/** `EventSource` has no listener for whatever comes: each event is named. */
const EVENTS = [
  'machine.sample',
  'ticket.opened',
  'ticket.claimed',
  'ticket.released',
  'ticket.removed',
  'state.snapshot',
  'state.patch',
];

const RETRY_MS = 2_000;

/**
 * Channels over SSE, with the browser's own `EventSource`. Raises the same events as `SocketFeed`:
 *
 * - `state`: `live`, `connecting` or `off`;
 * - `start` {channel, recovered, replay}: where the stream of a channel starts, before the state becomes `live`;
 * - `envelope` {channel, offset, time, event, data, replayed, version};
 * - `gap` {channel, reason}: the log no longer had what came next.
 */
export class SseFeed extends EventTarget {
  state = 'off';
  /** Whether the server knows whose connection it is. */
  hasSession = true;
  #channels;
  #cursor = '';
  #source;
  #retry;

  constructor(channels) {
    super();
    this.#channels = [...channels];
  }

  connect() {
    this.#become('connecting');
    this.#open();
  }

  disconnect() {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#become('off');
  }

  /** Changes the channels. A stream cannot; a new one goes on where the old one was. */
  follow(channels) {
    this.#channels = [...channels];
    if (this.state !== 'off') this.#open();
  }

  #open() {
    clearTimeout(this.#retry);
    this.#source?.close();
    const url = new URL('/realtime/sse', location.href);
    url.searchParams.set('channels', this.#channels.join(','));
    // A browser sends `Last-Event-ID` only when it comes back by itself.
    if (this.#cursor !== '') url.searchParams.set('lastEventId', this.#cursor);
    this.#source = new EventSource(url);
    this.#listen(this.#source);
  }

  #listen(source) {
    const on = (name, handle) =>
      source.addEventListener(name, (event) => source === this.#source && handle(event));
    on('realtime.ready', ({ data }) => this.#ready(JSON.parse(data)));
    on('realtime.cursor', ({ lastEventId }) => (this.#cursor = lastEventId));
    on('realtime.gap', ({ data }) => this.#raise('gap', JSON.parse(data)));
    for (const name of EVENTS) on(name, ({ data }) => this.#envelope(name, JSON.parse(data)));
    on('error', () => this.#failed(source));
  }

  #ready({ sid, channels }) {
    this.hasSession = sid !== null;
    for (const channel of this.#channels) {
      const outcome = channels[channel];
      if (outcome !== undefined && !outcome.error) this.#raise('start', { channel, ...outcome });
    }
    this.#become('live');
  }

  #envelope(event, { c, o, t, d, r, v }) {
    this.#raise('envelope', {
      channel: c,
      offset: o,
      time: t,
      event,
      data: d,
      replayed: r === 1,
      version: v,
    });
  }

  #failed(source) {
    this.#become('connecting');
    // After any answer but a stream, `EventSource` gives up.
    if (source.readyState === EventSource.CLOSED) this.#retry = setTimeout(() => this.#open(), RETRY_MS);
  }

  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.#raise('state', state);
  }

  #raise(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
