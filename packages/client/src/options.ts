import { DEFAULT_BASE_PATH, RealtimeError } from '@nestwire/protocol';
import { MAX_DELAY_MS } from './connection/backoff.js';
import { environment } from './environment.js';

/** A token, or how to get one: asked at each connection, and ahead of the end of the one before. Undefined: no token. */
export type TokenSource = string | (() => string | undefined | Promise<string | undefined>);

/** What a client is made with. Where an option is left out, its default holds. */
export interface RealtimeClientOptions {
  /** Origin of the server, such as `https://api.example.com`. Default: the page's own. */
  url?: string;
  /** The module's `basePath` on the server. Default `/realtime`. */
  basePath?: string;
  /** The bearer token, or a function that gets one. Default: none; the session's cookie goes along by itself. */
  token?: TokenSource;
  /** `auto` prefers WebSocket, and takes SSE where that is blocked. Default `auto`. */
  transport?: 'auto' | 'websocket' | 'sse';
  /** Path of Socket.IO on the server. Default `/socket.io`. */
  socketIoPath?: string;
  /** More headers for SSE and commands; in Node.js for WebSocket too. Default none. */
  headers?: Record<string, string>;
  /** Whether cookies go along to other origins: `include`. Default `same-origin`. */
  credentials?: 'omit' | 'same-origin' | 'include';
  /** Waits between attempts are drawn from 0 to this, doubled each time, in milliseconds. Default 500. */
  retryBaseMs?: number;
  /** The longest such wait, in milliseconds. Default 30,000: half of the server's grace period. */
  retryMaxMs?: number;
  /** An attempt that takes longer is given up, in milliseconds. Default 8,000. */
  connectTimeoutMs?: number;
  /** How often the server is asked for a sign of life, in milliseconds. Default 15,000. */
  heartbeatMs?: number;
  /** One that is not answered within this is missed; after two the connection is opened anew. Milliseconds. Default 5,000. */
  heartbeatTimeoutMs?: number;
  /** A stream on which nothing came for so long is opened anew; three of the server's `sse.keepAliveMs`. Milliseconds. Default 45,000. */
  streamSilenceMs?: number;
  /** On SSE because WebSocket was blocked, it is tried again after this, then after twice as long, up to ten times. Milliseconds. Default 60,000. */
  upgradeAfterMs?: number;
  /** How long a command waits for its answer once it is sent, in milliseconds. Default 10,000. */
  commandTimeoutMs?: number;
  /** Whether the tabs of one origin share one connection, where they are signed in alike; only browsers can. Default true. */
  tabs?: boolean;
  /** What is kept while there is no connection. */
  queue?: QueueOptions;
}

/** What is kept while there is no connection: how much, and where. */
export interface QueueOptions {
  /** Most commands and changes that wait. 0 keeps none: they fail at once. Default 1,000. */
  limit?: number;
  /** `indexeddb` outlives the page. Default `memory`. */
  storage?: 'memory' | 'indexeddb';
  /** Name of the database: another for each user, so that nobody sends what another has left. Default `nestwire`. */
  name?: string;
}

const DEFAULTS = {
  basePath: DEFAULT_BASE_PATH,
  transport: 'auto',
  socketIoPath: '/socket.io',
  headers: {},
  credentials: 'same-origin',
  retryBaseMs: 500,
  retryMaxMs: 30_000,
  connectTimeoutMs: 8_000,
  heartbeatMs: 15_000,
  heartbeatTimeoutMs: 5_000,
  streamSilenceMs: 45_000,
  upgradeAfterMs: 60_000,
  commandTimeoutMs: 10_000,
  tabs: true,
} as const;

const QUEUE = { limit: 1_000, storage: 'memory', name: 'nestwire' } as const;

export type ResolvedOptions = Required<Omit<RealtimeClientOptions, 'token' | 'queue'>> & {
  token: TokenSource | undefined;
  queue: Required<QueueOptions>;
};

/** Fills in the defaults. @throws RealtimeError `bad_request` that names the option and its value. */
export function resolveOptions(options: RealtimeClientOptions): ResolvedOptions {
  assertKnown(options, [...Object.keys(DEFAULTS), 'url', 'token', 'queue'], '');
  assertKnown(options.queue ?? {}, Object.keys(QUEUE), 'queue.');
  const resolved = {
    ...DEFAULTS,
    ...defined(options),
    url: originOf(options.url),
    token: options.token,
    queue: { ...QUEUE, ...defined(options.queue ?? {}) },
  };
  oneOf('transport', resolved.transport, ['auto', 'websocket', 'sse']);
  oneOf('tabs', resolved.tabs, [true, false]);
  oneOf('credentials', resolved.credentials, ['omit', 'same-origin', 'include']);
  oneOf('type of token', typeof resolved.token, ['undefined', 'string', 'function']);
  path('basePath', resolved.basePath);
  path('socketIoPath', resolved.socketIoPath);
  oneOf('queue.storage', resolved.queue.storage, ['memory', 'indexeddb']);
  for (const [name, value] of Object.entries(resolved)) if (name.endsWith('Ms')) whole(name, value, 1);
  whole('queue.limit', resolved.queue.limit, 0);
  return resolved;
}

function originOf(url: string | undefined): string {
  const origin = url ?? environment.origin;
  if (origin !== undefined && URL.canParse(origin)) {
    const parsed = new URL(origin);
    if (/^https?:$/.test(parsed.protocol) && parsed.href === `${parsed.origin}/`) return parsed.origin;
  }
  throw invalid('url', origin, 'an origin such as https://api.example.com, which only a page has by itself');
}

function assertKnown(options: object, names: readonly string[], prefix: string): void {
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) throw invalid(prefix + unknown, undefined, `one of ${names.join(', ')}`);
}

function oneOf(name: string, value: unknown, values: readonly unknown[]): void {
  if (!values.includes(value)) throw invalid(name, value, values.join(', '));
}

function path(name: string, value: unknown): void {
  if (!/^(\/[^\s/?#]+)+$/.test(String(value))) throw invalid(name, value, 'a path such as /realtime');
}

function whole(name: string, value: unknown, least: number): void {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > MAX_DELAY_MS)
    throw invalid(name, value, `a whole number from ${least}`);
}

function invalid(name: string, value: unknown, wanted: string): RealtimeError {
  return new RealtimeError('bad_request', `option ${name} is ${String(value)}; wanted: ${wanted}`);
}

/** Without those that are undefined: they stand for their default. */
function defined<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
