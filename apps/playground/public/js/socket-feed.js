import { io } from './vendor.js';

const ANSWER_TIMEOUT_MS = 5_000;
const RETRY_MS = 2_000;

/** An error reply, as it travelled. */
class CommandError extends Error {
  constructor({ code, message, temporary, retryAfterMs, details }) {
    super(message);
    this.name = 'CommandError';
    Object.assign(this, { code, temporary, retryAfterMs, details });
  }
}

/** Channels over Socket.IO, with its own client. Raises the same events as `SseFeed`, `refused` {channel, code, message}, and sends commands. */
export class SocketFeed extends EventTarget {
  state = 'off';
  hasSession = true;
  #channels;
  #positions = new Map();
  #socket;

  constructor(channels = []) {
    super();
    this.#channels = new Set(channels);
    this.#socket = io('/realtime', { transports: ['websocket'], forceNew: true, autoConnect: false });
    this.#listen(this.#socket);
  }

  connect() {
    this.#become('connecting');
    this.#socket.io.reconnection(true);
    this.#socket.connect();
  }

  /** Cuts the transport under the socket, without a word to the server. */
  disconnect() {
    const { io: manager } = this.#socket;
    manager.reconnection(false);
    if (this.#socket.connected) manager.engine.close();
    else this.#socket.disconnect();
    this.#become('off');
  }

  follow(channels) {
    const wanted = new Set(channels);
    for (const channel of this.#channels) if (!wanted.has(channel)) this.#leave(channel);
    for (const channel of wanted) if (!this.#channels.has(channel)) this.#join(channel);
  }

  /** The reply's data. Rejects with a `CommandError`, or another error where no reply came. */
  async command(command, data) {
    if (!this.#socket.connected) throw new Error('There is no connection.');
    const reply = await this.#ask('command', { id: newId(), command, data });
    if (reply.ok) return reply.data;
    throw new CommandError(reply.error);
  }

  #listen(socket) {
    socket.on('connect', () => this.#connected());
    socket.on('ready', ({ sid }) => (this.hasSession = sid !== null));
    socket.on('events', (envelopes, positions) => this.#receive(envelopes, positions));
    socket.on('gap', ({ channel, reason, position }) => {
      this.#positions.set(channel, position);
      this.#raise('gap', { channel, reason });
    });
    socket.on('disconnect', (reason) => {
      if (this.state === 'off') return;
      this.#become('connecting');
      // Socket.IO does not come back by itself where the server has ended the session.
      if (reason === 'io server disconnect')
        setTimeout(() => this.state !== 'off' && socket.connect(), RETRY_MS);
    });
    socket.on('connect_error', () => this.state !== 'off' && this.#become('connecting'));
  }

  async #connected() {
    await Promise.all([...this.#channels].map((channel) => this.#subscribe(channel)));
    if (this.#socket.connected) this.#become('live');
  }

  #join(channel) {
    this.#channels.add(channel);
    if (this.#socket.connected) void this.#subscribe(channel);
  }

  #leave(channel) {
    this.#channels.delete(channel);
    this.#positions.delete(channel);
    if (this.#socket.connected) this.#socket.emit('unsubscribe', { channel });
  }

  async #subscribe(channel) {
    try {
      const { ok, data, error } = await this.#ask('subscribe', {
        channel,
        position: this.#positions.get(channel),
      });
      if (!this.#channels.has(channel)) return;
      if (!ok) return this.#raise('refused', { channel, ...error });
      this.#positions.set(channel, data.position);
      this.#raise('start', { channel, recovered: data.recovered, replay: data.replay });
    } catch {
      // The connection went; the next one subscribes again.
    }
  }

  #receive(envelopes, positions) {
    for (const { c, o, t, n, d, r, v } of envelopes) {
      if (!this.#channels.has(c)) continue;
      this.#raise('envelope', {
        channel: c,
        offset: o,
        time: t,
        event: n,
        data: d,
        replayed: r === 1,
        version: v,
      });
    }
    for (const [channel, position] of Object.entries(positions)) {
      if (this.#channels.has(channel)) this.#positions.set(channel, position);
    }
  }

  #ask(event, payload) {
    return this.#socket.timeout(ANSWER_TIMEOUT_MS).emitWithAck(event, payload);
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

/** An id must be the only one of its session, and all tabs share that. `randomUUID` is for https and localhost alone. */
function newId() {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-');
}
