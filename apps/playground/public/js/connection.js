import { byId } from './dom.js';
import { DebugView } from './debug-view.js';
import { createRealtimeClient } from './vendor.js';

const TEXTS = { connected: 'Connected', connecting: 'Connecting', disconnected: 'Disconnected' };
const TRANSPORTS = { websocket: 'WebSocket', sse: 'Server-Sent Events' };
/** The same words for the dot in its colour as in the views. */
const STATES = { connected: 'live', connecting: 'connecting', disconnected: 'off' };
const LEVELS = { excellent: 4, good: 3, fair: 2, poor: 1, offline: 0 };

/**
 * The connection that the board goes over, as the client tells of it. The tabs of a browser share it. Another transport is another
 * client. Raises `state` (`live`, `connecting`, `off`), and `sent` when what had waited without a connection is through.
 */
export class ConnectionPanel extends EventTarget {
  client;
  #onClient;
  #log = new DebugView(byId('debug'));
  #hasWaited = false;

  /** `onClient` is told of each new client before the one before it is closed. */
  constructor({ onClient }) {
    super();
    this.#onClient = onClient;
    byId('transport').addEventListener('change', ({ target }) => this.#use(target.value));
    this.#use(document.querySelector('#transport input:checked').value);
    // How long it is until the next attempt.
    setInterval(() => this.#showReason(), 500);
  }

  get state() {
    return STATES[this.client.connection.value.status];
  }

  connect() {
    this.client.connect();
  }

  disconnect() {
    this.client.disconnect();
  }

  #use(transport) {
    const before = this.client;
    const client = (this.client = createRealtimeClient({ transport }));
    client.debug.subscribe((entry) => this.#log.add(entry));
    for (const observable of [client.connection, client.quality, client.queued])
      observable.subscribe(() => client === this.client && this.#show());
    this.#onClient(client);
    client.connect();
    void before?.close();
    this.#show();
  }

  #show() {
    const { connection, quality, queued } = this.client;
    const { status, transport } = connection.value;
    const state = byId('connection-state');
    state.dataset.state = this.state;
    state.textContent = TEXTS[status];
    byId('connection-transport').textContent = TRANSPORTS[transport] ?? '–';
    byId('quality').textContent = quality.value;
    byId('quality').dataset.level = LEVELS[quality.value];
    byId('queued').textContent = queued.value;
    // What waits in a client goes with it.
    byId('transport').disabled = this.state === 'off';
    this.#showReason();
    this.#noteQueue(queued.value);
    this.dispatchEvent(new CustomEvent('state', { detail: this.state }));
  }

  #showReason() {
    const { reason, attempt, retryAt } = this.client.connection.value;
    const wait = retryAt === undefined ? undefined : Math.max(0, retryAt - Date.now()) / 1_000;
    const next = wait === undefined ? '' : `, attempt ${attempt + 1} in ${wait.toFixed(1)} s`;
    byId('connection-reason').textContent = reason + next;
  }

  #noteQueue(count) {
    if (count > 0) this.#hasWaited ||= this.state !== 'live';
    else if (this.#hasWaited && this.state === 'live') {
      this.#hasWaited = false;
      this.dispatchEvent(new Event('sent'));
    }
  }
}
