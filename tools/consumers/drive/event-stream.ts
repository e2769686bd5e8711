import { EventSource } from 'eventsource';
import { Inbox } from './inbox.js';

/** The events that the application sends; `EventSource` must be told their names. */
const NAMES = [
  'realtime.ready',
  'realtime.cursor',
  'realtime.close',
  'order.updated',
  'order.claimed',
  'invoice.ready',
  'state.snapshot',
  'state.patch',
];

/** `EventSource` as browsers have it, with a token in its requests, and a line that can be cut. */
export class EventStream extends Inbox implements Disposable {
  /** The last event id: the cursor. */
  cursor = '';
  private readonly source: EventSource;
  private line = new AbortController();
  private joined = Promise.resolve();

  constructor(url: string, channels: readonly string[], token: string) {
    super();
    this.source = new EventSource(`${url}/realtime/sse?channels=${channels.join(',')}`, {
      fetch: async (target, init) => {
        await this.joined;
        const signal = AbortSignal.any([init.signal as AbortSignal, this.line.signal]);
        const headers = { ...init.headers, authorization: `Bearer ${token}` };
        return fetch(target, { ...init, headers, signal });
      },
    });
    for (const name of NAMES) this.source.addEventListener(name, (event) => this.take(name, event));
  }

  /** Cuts the line, and keeps it cut until `meanwhile` is done; then `EventSource` comes back by itself. */
  async cutDuring(meanwhile: () => Promise<void>): Promise<void> {
    let join = () => {};
    this.joined = new Promise((resolve) => (join = resolve));
    this.line.abort(new Error('cut'));
    this.line = new AbortController();
    await meanwhile();
    join();
  }

  [Symbol.dispose](): void {
    this.source.close();
  }

  /** The cursor after the last event has come. */
  protected override isLevel(): boolean {
    return this.events.at(-1)?.name === 'realtime.cursor';
  }

  private take(name: string, { data, lastEventId }: MessageEvent): void {
    this.events.push({ name, data: JSON.parse(String(data)) });
    if (lastEventId !== '') this.cursor = lastEventId;
  }
}
