import type { CanActivate, Type } from '@nestjs/common';
import type { Registry } from 'prom-client';
import type { Backend } from './backend/backend.js';
import type { History } from './backend/event-log.js';
import type { ClientLimitOptions, ResolvedClientLimits } from './limits/limit.options.js';
import type { Authenticator } from './sessions/authenticator.js';
import type { BindingOptions } from './sessions/binding.options.js';
import type { StateSink } from './state/state-sink.js';
import type { OriginsOption } from './transports/http/origin.options.js';

/** Where an error came from that no caller was there to receive. */
export interface ErrorContext {
  /** What was being done: `broadcast`, `policy`, `command`, `connection`, `backend`, `sink`. */
  readonly during: 'broadcast' | 'policy' | 'command' | 'connection' | 'backend' | 'sink';
  readonly channel?: string;
  readonly event?: string;
  readonly command?: string;
}

/** How sessions live, end and travel. */
export interface SessionOptions {
  /** How long a session lives without use, in milliseconds. Default 30 minutes. */
  ttlMs?: number;
  /** How long it lives at most, in milliseconds. Default 7 days. */
  maxAgeMs?: number;
  /** Name of the cookie. Default `realtime_session`. */
  cookieName?: string;
  /** Whether the cookie is for https only. Default: true unless `NODE_ENV` is `development` or `test`. */
  secureCookie?: boolean;
  /** Binds a session to whom it was given to, so that a stolen secret is worth less elsewhere. Default: none. */
  binding?: BindingOptions;
  /**
   * How long after its connection has ended a resume token is good for, in milliseconds; 0: none are handed out. Default 60,000.
   * Where the node has died with the connection it is up to `ttlMs`.
   */
  resumeGraceMs?: number;
  /** How long ahead a client is told that its token runs out, in milliseconds. Default 60,000. */
  expiryNoticeMs?: number;
  /** How long a connection outlives its token, so that a fresh one can arrive, in milliseconds. Default 5,000. */
  expiryGraceMs?: number;
}

/** How much of everything there may be. */
export interface LimitOptions extends ClientLimitOptions {
  /** Most bytes of one event's data as JSON. Default 262,144 (256 KB). */
  maxEventBytes?: number;
  /** Most bytes of one message of a client. Default 131,072 (128 KB). */
  maxMessageBytes?: number;
  /** Deepest nesting of a client's JSON, and of a document's field. Default 32. */
  maxNesting?: number;
  /** Most bytes of a document's field as JSON; a patch has `maxEventBytes` at most. Default 262,144 (256 KB). */
  maxFieldBytes?: number;
  /** Most bytes that the names and values of a document's fields may grow to. Default 4,194,304 (4 MB). */
  maxDocumentBytes?: number;
  /** Most fields that a document may grow to. Default 10,000. */
  maxDocumentFields?: number;
  /** Most channels of one connection, those that it follows by itself apart. Default 100 (an SSE stream: 32 at most). */
  maxChannelsPerConnection?: number;
  /** Bytes that may wait for one connection to read them. Default 1,048,576 (1 MB). */
  maxQueuedBytes?: number;
  /** A connection to which nothing gets through for so long is terminated, in milliseconds. Default 5,000. */
  deliveryTimeoutMs?: number;
  /** Bytes that the tails of all channels may take on this node. Default 67,108,864 (64 MB). */
  maxTailBytes?: number;
  /**
   * Documents that may wait on this node to be saved. Beyond it the oldest are left to the next look at what is unsaved, by any node,
   * and the error hook hears of it. Default 10,000.
   */
  maxUnsavedDocuments?: number;
}

/** Server-Sent Events. */
export interface SseOptions {
  /** A comment is sent so often, in milliseconds. Default 15,000. */
  keepAliveMs?: number;
  /** Bounds of the `retry:` that is drawn for each connection, in milliseconds. Default [1000, 5000]. */
  retryMs?: readonly [number, number];
  /** A plain stream is ended after so long, to resume elsewhere, in milliseconds. Default 600,000 (10 minutes). */
  maxStreamMs?: number;
}

/** Socket.IO. */
export interface SocketIoOptions {
  /** How often the server pings, in milliseconds. Default 10,000. */
  pingIntervalMs?: number;
  /** How long it waits for the pong, in milliseconds. Default 10,000: half-open within two intervals. */
  pingTimeoutMs?: number;
  /** How long a client may take to join a namespace before it is closed, in milliseconds. Default 5,000. */
  connectTimeoutMs?: number;
}

/**
 * Who may read the metrics over HTTP: whoever brings the token as `Authorization: Bearer`, whom the application's own guard
 * lets in, or everybody, where nothing but the own network reaches the node.
 */
export type MetricsAccess =
  { token: string | undefined } | { guard: Type<CanActivate> | CanActivate } | 'everybody';

/** Where metrics are kept, and who may read them. */
export interface MetricsOptions {
  /** Serves `GET {basePath}/metrics`, and to whom. Default: it is not served; `RealtimeMetrics` has the registry all the same. */
  endpoint?: MetricsAccess;
  /** The application's own registry of prom-client, so that one endpoint serves all. Default: one of the module's own. */
  registry?: Registry;
}

/** When a node says that it is not well. */
export interface HealthOptions {
  /**
   * The liveness probe fails when the backend has been away for so long, in milliseconds; `false`: it never does.
   * Default 300,000 (5 minutes).
   */
  livenessAfterMs?: number | false;
}

/** What the module is made with. Where an option is left out, its default holds. */
export interface RealtimeModuleOptions {
  /** Where channels, documents, sessions and commands live. Default: in memory, for one process. */
  backend?: Backend;
  /** Says who somebody is. Default: everybody is anonymous unless a session says otherwise. */
  authenticate?: Authenticator;
  /** What a channel keeps that has no `history` of its own. Default 1,000 events for 30 s. */
  history?: Partial<History>;
  /** Where documents are saved whose pattern says so. Default: nowhere. */
  stateSink?: StateSink;
  sessions?: SessionOptions;
  limits?: LimitOptions;
  /**
   * Pages of other origins that may connect, send commands and open streams, with cookies: exact origins, patterns, or a function.
   * Every other origin but the server's own host is refused then. Default: pages of the same site.
   */
  origins?: OriginsOption;
  sse?: SseOptions;
  socketIo?: SocketIoOptions;
  metrics?: MetricsOptions;
  health?: HealthOptions;
  /** Over how long the clients of a node that shuts down are told to come back, in milliseconds. Default 5,000. */
  drainSpreadMs?: number;
  /** Receives errors that no caller is there to receive. Default: they are logged. */
  onError?: (error: unknown, context: ErrorContext) => void;
}

type Resolved<T> = { readonly [K in keyof T]-?: T[K] };

/** {@link SessionOptions} with every default filled in. */
export interface ResolvedSessionOptions extends Resolved<Omit<SessionOptions, 'binding'>> {
  readonly binding: Required<BindingOptions> | undefined;
}

/** The options with every default filled in. */
export interface ResolvedOptions {
  readonly backend: Backend;
  readonly authenticate: Authenticator;
  readonly history: History;
  readonly stateSink: StateSink | undefined;
  readonly sessions: ResolvedSessionOptions;
  readonly limits: Resolved<Omit<LimitOptions, keyof ClientLimitOptions>> & ResolvedClientLimits;
  readonly origins: OriginsOption | undefined;
  readonly sse: Resolved<SseOptions>;
  readonly socketIo: Resolved<SocketIoOptions>;
  readonly metrics: {
    readonly endpoint: MetricsAccess | undefined;
    readonly registry: Registry | undefined;
  };
  readonly health: Resolved<HealthOptions>;
  readonly drainSpreadMs: number;
  /** As {@link RealtimeModuleOptions.onError}; undefined where there is none. */
  readonly onError: ((error: unknown, context: ErrorContext) => void) | undefined;
}
