import {
  channelHash,
  type CloseNotice,
  type Command,
  COMMANDS,
  CONTROL_EVENTS,
  type Envelope,
  type ErrorBody,
  type Gap,
  joinPositions,
  MAX_CHANNELS_PER_STREAM,
  MAX_STREAM_REQUEST_LENGTH,
  type Positions,
  type Ready,
  RealtimeError,
  type Reply,
  SSE_CONTROL_PREFIX,
  type SubscriptionOutcome,
} from '@nestwire/protocol';
import { BY_ITSELF } from '../channels/by-itself.js';
import { newId } from '../command-id.js';
import type { ResolvedOptions } from '../options.js';
import { isEventStream, readEventStream } from './event-stream.js';
import { HttpCommands, readError, retryAfterOf } from './http-commands.js';
import {
  type Link,
  type LinkEnd,
  type LinkListener,
  type LinkRequest,
  noticeEnd,
  refusalEnd,
  TRANSPORT_LOST,
} from './link.js';

/** Characters of a request beside its channels: the path, and positions of channels that the server follows by itself. */
const BESIDE_CHANNELS = 512;
/** Of each channel beside its name: a comma, encoded, and its position in the cursor, 43 and a dot. */
const BESIDE_NAME = 3 + 44;

/** What was read of a stream since its last cursor: told with it, for only then is it known where the channels are. */
interface Unsettled {
  starts: [string, SubscriptionOutcome][];
  envelopes: Envelope[];
  gaps: Gap[];
}

/**
 * A link over Server-Sent Events, and HTTP for what goes up. A stream cannot change its channels: another one is opened, which goes
 * on where it was. Without a channel, and without a session that has some by itself, there is no stream.
 */
export class SseLink implements Link {
  readonly transport = 'sse';
  private readonly commands: HttpCommands;
  private isReady = false;
  private isOver = false;
  /** What the stream was asked for, without what was refused. */
  private asked = new Set<string>();
  private stream: AbortController | undefined;
  private restart: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private retryMs: number | undefined;
  private notice: CloseNotice | undefined;
  /** Names by {@link channelHash}: a cursor has only these. */
  private names = new Map<string, string>();
  private unsettled: Unsettled = nothing();

  constructor(
    private readonly options: ResolvedOptions,
    private readonly request: LinkRequest,
    private readonly listener: LinkListener,
  ) {
    this.commands = new HttpCommands(options, request.token, request.resume.token && request.resume.bearer);
    void this.open();
  }

  get scope(): string | undefined {
    return this.commands.scope;
  }

  get followed(): readonly string[] {
    return [...this.names.values()].filter((channel) => BY_ITSELF.test(channel));
  }

  follow(): void {
    if (!this.isReady || this.isOver || isSame(this.request.channels(), this.asked)) return;
    // Those that are added one after the other are asked for together.
    this.restart ??= setTimeout(() => void this.open());
  }

  startAnew(): void {
    if (this.isReady && !this.isOver) this.restart ??= setTimeout(() => void this.open());
  }

  send(command: Command): Promise<Reply> {
    return this.commands.send(command);
  }

  async renew(token: string): Promise<Reply> {
    const reply = await this.commands.send({ id: newId(), command: COMMANDS.auth, data: { token } }, true);
    if (!reply.ok && reply.error.code !== 'not_found') return reply;
    this.commands.setToken(token);
    if (reply.ok) this.keepResumption(reply.data ?? {});
    // Its node was not found: a stream of one's own with the fresh token says the same.
    if (!reply.ok && !this.isOver) void this.open();
    return { id: reply.id ?? '', ok: true, data: reply.ok ? reply.data : undefined };
  }

  retire(): void {
    this.isOver = true;
    clearTimeout(this.restart);
    clearTimeout(this.silence);
    this.stream?.abort();
  }

  close(): void {
    this.retire();
    this.commands.abort();
  }

  private keepResumption({ resumeToken }: Pick<Ready, 'resumeToken'>): void {
    if (this.isOver) return;
    const { resume } = this.request;
    resume.token = resumeToken;
    resume.bearer = this.commands.bearer;
  }

  /** Says what is too much for one stream, before it is asked for. */
  private ask(): void {
    const channels = [...this.request.channels()];
    const count = howManyFit(channels);
    this.asked = new Set(channels.slice(0, count));
    const message = `over SSE a client follows at most ${MAX_CHANNELS_PER_STREAM} channels, fewer with long names`;
    for (const channel of channels.slice(count))
      this.listener.onStart(channel, { error: new RealtimeError('too_large', message).toBody() });
  }

  /** Opens the stream, or another one in the place of the present one. */
  private async open(): Promise<void> {
    clearTimeout(this.restart);
    this.restart = undefined;
    this.stream?.abort();
    const stream = (this.stream = new AbortController());
    this.ask();
    this.unsettled = nothing();
    let end: LinkEnd | undefined;
    try {
      end = await this.read(stream.signal);
    } catch {
      end = this.lost(TRANSPORT_LOST);
    }
    if (end !== undefined && !stream.signal.aborted) this.end(end);
  }

  /** Resolves with why the stream has ended; undefined where there is none to be had, and the link goes on without. */
  private async read(signal: AbortSignal): Promise<LinkEnd | undefined> {
    this.awaitBytes();
    const response = await fetch(this.url(), { headers: this.headers(), signal, ...this.init() });
    if (signal.aborted) return undefined;
    if (!isEventStream(response) || response.body === null) return this.refuse(response, signal);
    await readEventStream(response.body, {
      onMessage: (message) => {
        if (!signal.aborted) this.take(message.event ?? '', message.data, message.id);
      },
      onRetry: (retryMs) => (this.retryMs = retryMs),
      onBytes: () => this.awaitBytes(),
    });
    return this.lost(noticeEnd(this.notice));
  }

  /** As long as the server does not say when to come back, its `retry:` does. */
  private lost(end: LinkEnd): LinkEnd {
    return this.retryMs === undefined ? end : { retryAfterMs: this.retryMs, ...end };
  }

  private url(): string {
    const { url, basePath } = this.options;
    const query =
      this.asked.size === 0 ? '' : `?${new URLSearchParams({ channels: [...this.asked].join() })}`;
    return `${url}${basePath}/sse${query}`;
  }

  private headers(): Record<string, string> {
    const { positions, resume } = this.request;
    const cursor = joinPositions(Object.values(positions));
    return {
      ...this.commands.headers(),
      accept: 'text/event-stream',
      ...(cursor === '' ? {} : { 'last-event-id': cursor }),
      ...(resume.token === undefined ? {} : { 'x-resume-token': resume.token }),
    };
  }

  private init(): RequestInit {
    return { credentials: this.options.credentials };
  }

  private awaitBytes(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(
      () => this.end({ reason: 'heartbeat_missed', reconnect: true }),
      this.options.streamSilenceMs,
    );
  }

  private async refuse(response: Response, signal: AbortSignal): Promise<LinkEnd | undefined> {
    // A session or ticket that was told not to come back.
    if (response.status === 204) return { reason: 'unauthenticated', reconnect: false };
    const error = await readError(response);
    if (signal.aborted) return undefined;
    // Without a channel there is nothing to stream; of those that were asked for none may be followed.
    const isNothing = response.status === 400 && error !== undefined && this.asked.size === 0;
    const isOfChannels = response.status === 400 || response.status === 403;
    const refused = isNothing ? {} : isOfChannels ? channelsOf(error) : undefined;
    if (refused !== undefined) {
      this.goOnWithout(refused, error);
      return undefined;
    }
    const advice = retryAfterOf(response);
    const end = error === undefined ? TRANSPORT_LOST : refusalEnd(error);
    // What is no answer of ours, or says that the server cannot now, may pass.
    const mayPass = error === undefined || response.status >= 500 || response.status === 429;
    return {
      ...end,
      reconnect: end.reconnect || mayPass,
      ...(advice === undefined ? {} : { retryAfterMs: advice }),
    };
  }

  /** Commands go over HTTP all the same. */
  private goOnWithout(channels: Record<string, ErrorBody>, error: ErrorBody | undefined): void {
    clearTimeout(this.silence);
    this.commands.begin(undefined);
    this.begin({ sid: null });
    const asked = [...this.asked];
    for (const channel of asked) {
      const refusal = channels[channel] ?? error;
      if (refusal !== undefined) this.start(channel, { error: refusal });
    }
    this.follow();
  }

  private begin(ready: Pick<Ready, 'sid' | 'previous'>): void {
    if (this.isReady) return;
    this.isReady = true;
    this.listener.onReady(ready);
  }

  private start(channel: string, outcome: SubscriptionOutcome): void {
    if ('error' in outcome) this.asked.delete(channel);
    this.listener.onStart(channel, outcome);
  }

  private take(event: string, data: string, cursor: string | undefined): void {
    if (event.startsWith(SSE_CONTROL_PREFIX))
      this.control(event.slice(SSE_CONTROL_PREFIX.length), JSON.parse(data));
    else this.unsettled.envelopes.push({ ...(JSON.parse(data) as Envelope), n: event });
    if (cursor !== undefined && !this.isOver) this.settle(cursor);
  }

  private control(name: string, data: unknown): void {
    if (name === CONTROL_EVENTS.ready) this.greet(data as Ready);
    else if (name === CONTROL_EVENTS.gap) this.unsettled.gaps.push(data as Gap);
    else if (name === CONTROL_EVENTS.expiring) this.listener.onExpiring();
    else if (name === CONTROL_EVENTS.close) this.notice = data as CloseNotice;
    else if (name === 'drain' || name === 'degraded' || name === 'healed') this.listener.onControl(name);
  }

  private greet(ready: Ready): void {
    this.commands.begin(ready);
    this.keepResumption(ready);
    this.unsettled.starts = Object.entries(ready.channels);
    this.names = new Map(this.unsettled.starts.map(([channel]) => [channelHash(channel), channel]));
    this.begin(ready);
  }

  private settle(cursor: string): void {
    const { starts, gaps, envelopes } = this.unsettled;
    this.unsettled = nothing();
    const positions = this.positionsIn(cursor);
    for (const [channel, outcome] of starts) this.start(channel, placed(outcome, positions[channel]));
    for (const gap of gaps) this.listener.onGap(placed(gap, positions[gap.channel]));
    this.listener.onEvents(envelopes, positions);
    if (starts.length > 0) this.follow();
  }

  private positionsIn(cursor: string): Positions {
    const positions: Positions = {};
    for (const position of cursor.split('.')) {
      // Six bytes of a channel's hash are the first eight characters of its position.
      const channel = this.names.get(position.slice(0, 8));
      if (channel !== undefined) positions[channel] = position;
    }
    return positions;
  }

  private end(end: LinkEnd): void {
    if (this.isOver) return;
    this.close();
    this.listener.onEnd(end);
  }
}

/** How many of these a stream can be asked for: a request that is too long would open none. */
function howManyFit(channels: readonly string[]): number {
  let left = MAX_STREAM_REQUEST_LENGTH - BESIDE_CHANNELS;
  const tooLong = channels.findIndex((name) => (left -= encodeURIComponent(name).length + BESIDE_NAME) < 0);
  return Math.min(MAX_CHANNELS_PER_STREAM, tooLong === -1 ? channels.length : tooLong);
}

function nothing(): Unsettled {
  return { starts: [], envelopes: [], gaps: [] };
}

function placed<T extends object>(value: T, position: string | undefined): T {
  return position === undefined ? value : { ...value, position };
}

function isSame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((channel) => b.has(channel));
}

function channelsOf(error: ErrorBody | undefined): Record<string, ErrorBody> | undefined {
  return (error?.details as { channels?: Record<string, ErrorBody> } | undefined)?.channels;
}
