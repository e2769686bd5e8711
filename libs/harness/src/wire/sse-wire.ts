import type { Envelope, Ready } from '@nestwire/protocol';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import type { Wire, WireListener, WireRequest } from './wire.js';

const CONTROL = 'realtime.';

/** A stream on bare HTTP, with an event source's habits: it comes back with the last id. */
export async function openSse(request: WireRequest, listener: WireListener): Promise<Wire> {
  const { signal, silenceMs } = request;
  const sent = httpRequest(targetOf(request), { agent: false, headers: headersOf(request), signal });
  sent.setTimeout(silenceMs, () => sent.destroy(new Error(`nothing came for ${silenceMs} ms`)));
  sent.on('error', () => undefined);
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) {
    sent.destroy();
    throw new Error(`the stream was answered with ${response.statusCode}`);
  }
  await begun(response, request, listener);
  return { pause: () => response.pause(), resume: () => response.resume() };
}

function begun(response: IncomingMessage, request: WireRequest, listener: WireListener): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = new SseStream(request.channels, listener, resolve);
    const parser = createParser({ onEvent: (message) => !request.signal.aborted && stream.take(message) });
    response.setEncoding('utf8').on('data', (text: string) => parser.feed(text));
    response.on('error', () => undefined);
    response.on('close', () => {
      reject(new Error('the stream has ended before it began'));
      if (stream.hasBegun && !request.signal.aborted) listener.onEnd();
    });
  });
}

/** What the blocks of one stream mean. Starts and gaps are told with the cursor that follows them. */
class SseStream {
  hasBegun = false;
  private ready: Ready | undefined;
  private gaps: string[] = [];

  constructor(
    private readonly channels: readonly string[],
    private readonly listener: WireListener,
    private readonly onBegun: () => void,
  ) {}

  take({ event = '', data, id }: EventSourceMessage): void {
    if (event.startsWith(CONTROL)) this.takeControl(event.slice(CONTROL.length), JSON.parse(data));
    else this.listener.onEvent(JSON.parse(data) as Envelope);
    if (id !== undefined) this.takeCursor(id);
  }

  private takeControl(name: string, data: unknown): void {
    if (name === 'ready') this.ready = data as Ready;
    else if (name === 'gap') this.gaps.push((data as { channel: string }).channel);
    else if (name !== 'cursor') this.listener.onControl(name, data);
  }

  private takeCursor(cursor: string): void {
    if (!this.hasBegun && this.ready !== undefined) this.begin(this.ready, cursor);
    for (const channel of this.gaps) this.listener.onGap(channel, cursor);
    this.gaps = [];
    this.listener.onCursor(cursor);
  }

  /** A channel that could not be opened now has not begun: the stream is about to be ended for it. */
  private begin({ channels }: Ready, cursor: string): void {
    this.hasBegun = true;
    for (const channel of this.channels) {
      const outcome = channels[channel];
      if (outcome !== undefined && !('error' in outcome)) this.listener.onStart(channel, outcome, cursor);
    }
    this.onBegun();
  }
}

function targetOf({ url, channels }: WireRequest): URL {
  const target = new URL('/realtime/sse', url);
  target.searchParams.set('channels', channels.join(','));
  return target;
}

function headersOf({ token, cursor }: WireRequest): Record<string, string> {
  return {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(cursor === undefined ? {} : { 'last-event-id': cursor }),
  };
}
