import { createRealtimeClient } from './vendor.js';

/**
 * Channels over one transport, with a client of its own: what the views show of it, as events.
 *
 * - `state`: `live`, `connecting` or `off`;
 * - `start` {channel, recovered, replay}: the channel goes on after an interruption, before the state becomes `live`;
 * - `event`, as the client hands it over: {channel, offset, time, event, data, replayed};
 * - `gap` {channel, reason}: the log no longer had what came next.
 */
export class Feed extends EventTarget {
  state = 'connecting';
  #client;
  /** By channel, how to leave it. */
  #channels = new Map();
  #isDue = false;

  constructor(transport, channels) {
    super();
    // Each view is to have a connection of its own; usually the tabs of a browser share one.
    this.#client = createRealtimeClient({ transport, tabs: false });
    this.#client.connection.subscribe(() => this.#look());
    this.follow(channels);
  }

  /** Whether the server knows whose connection it is. */
  get hasSession() {
    return this.#client.connection.value.sid !== null;
  }

  connect() {
    this.#client.connect();
  }

  disconnect() {
    this.#client.disconnect();
  }

  follow(names) {
    for (const [name, leave] of this.#channels) {
      if (names.includes(name)) continue;
      this.#channels.delete(name);
      leave();
    }
    for (const name of names) if (!this.#channels.has(name)) this.#channels.set(name, this.#listen(name));
  }

  #listen(name) {
    const channel = this.#client.channel(name);
    const ends = [
      channel.on('*', (event) => this.#raise('event', event)),
      channel.on('recovered', ({ replay }) =>
        this.#raise('start', { channel: name, recovered: true, replay }),
      ),
      channel.on('gap', ({ reason }) => {
        if (reason === 'unrecovered') this.#raise('start', { channel: name, recovered: false, replay: 0 });
        else this.#raise('gap', { channel: name, reason });
      }),
      channel.state.subscribe(() => this.#look()),
    ];
    return () => ends.forEach((end) => end());
  }

  /** In the next breath: a channel's `start` comes right after its state. */
  #look() {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#become(this.#stateNow());
    });
  }

  #stateNow() {
    const { status, reason } = this.#client.connection.value;
    if (status === 'disconnected') return reason === 'disconnected' ? 'off' : 'connecting';
    if (status === 'connecting') return 'connecting';
    // A channel that is followed later does not make it less live.
    if (this.state === 'live') return 'live';
    const isStarting = [...this.#channels.keys()].some(
      (name) => this.#client.channel(name).state.value.status === 'subscribing',
    );
    return isStarting ? 'connecting' : 'live';
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
