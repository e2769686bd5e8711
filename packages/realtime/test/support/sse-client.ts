import { waitFor, type WaitOptions } from '@nestwire/harness';
import type { Envelope, Ready } from '@nestwire/protocol';
import { once } from 'node:events';
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';

/** One block of a stream, up to its empty line, as it was received. */
export interface Block {
  readonly text: string;
  readonly event?: string;
  readonly data?: string;
  readonly id?: string;
  readonly retry?: string;
  readonly comment?: string;
}

export interface StreamOptions {
  headers?: Record<string, string>;
  /** The header `Last-Event-ID`. */
  lastEventId?: string;
  /** More of the query: `{ ticket }`. */
  query?: Record<string, string>;
  /** Default `/realtime/sse`. */
  path?: string;
  method?: string;
}

/** An SSE client on bare HTTP, which keeps every block exactly as it came, and can stop reading. */
export class SseClient implements Disposable {
  readonly blocks: Block[] = [];
  /** The stream has ended, or was cut. */
  ended = false;
  private readonly envelopes: (Envelope & { event: string })[] = [];
  private rest = '';

  private constructor(
    private readonly sent: ClientRequest,
    private readonly response: IncomingMessage,
  ) {
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.take(text));
    response.on('error', () => undefined);
    response.on('close', () => (this.ended = true));
  }

  /** Resolves with the head of the answer, whatever its status. */
  static async open(
    url: string,
    channels: string | readonly string[],
    options: StreamOptions = {},
  ): Promise<SseClient> {
    const sent = SseClient.send(url, channels, options);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return new SseClient(sent, response);
  }

  /** Resolves when the server has said `ready`. */
  static async connect(
    url: string,
    channels: string | readonly string[],
    options: StreamOptions = {},
  ): Promise<SseClient> {
    const client = await SseClient.open(url, channels, options);
    await client.until(() => client.cursor !== undefined || client.ended, 'ready');
    if (client.status === 200) return client;
    throw new Error(`${client.status}: ${client.text}`);
  }

  /** Asks for a stream and waits for nothing. */
  static send(url: string, channels: string | readonly string[], options: StreamOptions = {}): ClientRequest {
    const { headers, lastEventId, query, path = '/realtime/sse', method = 'GET' } = options;
    const target = new URL(path, url);
    const list = [channels].flat();
    if (list.length > 0) target.searchParams.set('channels', list.join(','));
    for (const [name, value] of Object.entries(query ?? {})) target.searchParams.set(name, value);
    const resume = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const sent = request(target, { method, agent: false, headers: { ...headers, ...resume } });
    sent.on('error', () => undefined);
    sent.end();
    return sent;
  }

  get status(): number {
    return this.response.statusCode!;
  }

  get headers(): IncomingHttpHeaders {
    return this.response.headers;
  }

  /** Everything that came. */
  get text(): string {
    return this.blocks.map(({ text }) => text).join('') + this.rest;
  }

  get ready(): Ready {
    return this.control<Ready>('ready')[0]!;
  }

  /** The last cursor, to come back with. */
  get cursor(): string | undefined {
    return this.blocks.findLast(({ id }) => id !== undefined)?.id;
  }

  /** The data of every control event of this name, given without its prefix. */
  control<T = unknown>(name: string): T[] {
    const blocks = this.blocks.filter(({ event }) => event === `realtime.${name}`);
    return blocks.map(({ data }) => JSON.parse(data!) as T);
  }

  /**
   * Events in the order in which they came: of one channel; or of all but the session's own document, which every stream of a
   * session follows.
   */
  events(channel?: string): (Envelope & { event: string })[] {
    return this.envelopes.filter(({ c }) =>
      channel === undefined ? !c.startsWith('$state:session:') : c === channel,
    );
  }

  offsets(channel: string): number[] {
    return this.events(channel).map(({ o }) => o);
  }

  /** What came, told briefly: `ready`, `cursor`, `replay-start a`, `a 3 r`, `comment`. */
  get story(): string[] {
    return this.blocks.map(tell);
  }

  /** Blocks grouped as they belong together: each group ends with a cursor. */
  get writes(): Block[][] {
    const writes: Block[][] = [[]];
    for (const block of this.blocks) {
      writes.at(-1)!.push(block);
      if (block.id !== undefined) writes.push([]);
    }
    return writes.filter((write) => write.length > 0);
  }

  /** Waits until something holds of what came. */
  until<T>(condition: () => T, what: string | WaitOptions): Promise<T> {
    return waitFor(condition, typeof what === 'string' ? { what } : what);
  }

  /** Waits until so many events of the channel have come, and the cursor after them. */
  async received(channel: string, count: number, options: WaitOptions = {}): Promise<Envelope[]> {
    await waitFor(() => this.events(channel).length >= count && this.blocks.at(-1)?.id !== undefined, {
      what: `${count} events of ${channel}`,
      ...options,
    });
    return this.events(channel);
  }

  /** Waits for the end of the stream. */
  end(what = 'the end of the stream'): Promise<boolean> {
    return this.until(() => this.ended, what);
  }

  /** The body of an answer that is no stream. */
  async body<T = { error: { code: string; details?: unknown } }>(): Promise<T> {
    await this.end();
    return JSON.parse(this.text) as T;
  }

  /** Stops reading: what comes stays in the buffers of the system, and then in the server. */
  pause(): void {
    this.response.pause();
  }

  resume(): void {
    this.response.resume();
  }

  /** Goes away at once. */
  destroy(): void {
    this.sent.destroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  private take(text: string): void {
    // A large block comes in many pieces: they are looked through once, not again with every piece.
    const ends = text.includes('\n\n') || (text.startsWith('\n') && this.rest.endsWith('\n'));
    if (!ends) return void (this.rest += text);
    const parts = (this.rest + text).split('\n\n');
    this.rest = parts.pop()!;
    for (const part of parts) this.add(parse(`${part}\n\n`));
  }

  private add(block: Block): void {
    this.blocks.push(block);
    const { event, data } = block;
    if (event === undefined || event.startsWith('realtime.')) return;
    this.envelopes.push({ event, ...(JSON.parse(data!) as Envelope) });
  }
}

function parse(text: string): Block {
  const block: Record<string, string> = { text };
  for (const line of text.trimEnd().split('\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon) || 'comment';
    block[name] = line.slice(colon + 1).replace(/^ /, '');
  }
  return block as unknown as Block;
}

function tell({ event, data, comment }: Block): string {
  if (event === undefined) return comment === undefined ? 'retry' : 'comment';
  const name = event.replace(/^realtime\./, '');
  if (name !== event) {
    const { channel } = JSON.parse(data!) as { channel?: string };
    return channel === undefined ? name : `${name} ${channel}`;
  }
  const { c, o, r } = JSON.parse(data!) as Envelope;
  return `${c} ${o}${r === undefined ? '' : ' r'}`;
}
