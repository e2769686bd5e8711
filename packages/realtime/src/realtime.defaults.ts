import { memoryBackend } from './backend/memory/memory-backend.js';
import type { History } from './backend/event-log.js';
import type { Authenticator } from './sessions/authenticator.js';
import { resolveBinding } from './sessions/binding.options.js';
import type { StateSink } from './state/state-sink.js';
import { CLIENT_LIMIT_NAMES, resolveClientLimits } from './limits/limit.options.js';
import { resolveHealth, resolveMetrics } from './observability/observability.options.js';
import { assertKnown, assertObject, defined, integer, invalid, MAX_MS, positive } from './realtime.checks.js';
import type { RealtimeModuleOptions, ResolvedOptions } from './realtime.options.js';
import { resolveOrigins } from './transports/http/origin.options.js';

const HISTORY: History = { size: 1_000, ttlMs: 30_000 };

const SESSIONS = {
  ttlMs: 30 * 60_000,
  maxAgeMs: 7 * 24 * 60 * 60_000,
  cookieName: 'realtime_session',
  resumeGraceMs: 60_000,
  expiryNoticeMs: 60_000,
  expiryGraceMs: 5_000,
};

const LIMITS = {
  maxEventBytes: 256 * 1024,
  maxMessageBytes: 128 * 1024,
  maxNesting: 32,
  maxFieldBytes: 256 * 1024,
  maxDocumentBytes: 4 * 1024 * 1024,
  maxDocumentFields: 10_000,
  maxChannelsPerConnection: 100,
  maxQueuedBytes: 1024 * 1024,
  deliveryTimeoutMs: 5_000,
  maxTailBytes: 64 * 1024 * 1024,
  maxUnsavedDocuments: 10_000,
};

const SSE = { keepAliveMs: 15_000, retryMs: [1_000, 5_000] as const, maxStreamMs: 10 * 60_000 };

const SOCKET_IO = { pingIntervalMs: 10_000, pingTimeoutMs: 10_000, connectTimeoutMs: 5_000 };

const OPTIONS = [
  'backend',
  'authenticate',
  'history',
  'stateSink',
  'sessions',
  'limits',
  'origins',
  'sse',
  'socketIo',
  'metrics',
  'health',
  'drainSpreadMs',
  'onError',
];

/**
 * Fills in the defaults and checks every option.
 * @throws Error that names the option, its value, and what is allowed.
 */
export function resolveOptions(options: RealtimeModuleOptions = {}): ResolvedOptions {
  assertKnown(Object.keys(options), OPTIONS, '');
  assertObject(
    'backend',
    options.backend,
    (backend) => typeof backend.start === 'function',
    'a backend, such as memoryBackend()',
  );
  const isAuthenticator = (value: Authenticator): boolean => typeof value.authenticate === 'function';
  assertObject(
    'authenticate',
    options.authenticate,
    isAuthenticator,
    'an object with a method authenticate(), such as jwtAuthenticator({...})',
  );
  const isSink = (sink: StateSink): boolean =>
    typeof sink.load === 'function' && typeof sink.save === 'function';
  assertObject('stateSink', options.stateSink, isSink, 'an object with the methods load() and save()');
  const history = { ...HISTORY, ...defined('history', options.history, Object.keys(HISTORY)) };
  assertHistory('history', history);
  return {
    backend: options.backend ?? memoryBackend(),
    authenticate: options.authenticate ?? { authenticate: () => null },
    history,
    stateSink: options.stateSink,
    sessions: resolveSessions(options),
    limits: resolveLimits(options),
    origins: resolveOrigins(options.origins),
    sse: resolveSse(options),
    socketIo: positive('socketIo', {
      ...SOCKET_IO,
      ...defined('socketIo', options.socketIo, Object.keys(SOCKET_IO)),
    }),
    metrics: resolveMetrics(options),
    health: resolveHealth(options),
    drainSpreadMs: integer('drainSpreadMs', options.drainSpreadMs ?? 5_000, 0),
    onError: options.onError,
  };
}

/** @throws Error where the history is not one. */
export function assertHistory(option: string, { size, ttlMs }: History): void {
  integer(`${option}.size`, size, 1);
  integer(`${option}.ttlMs`, ttlMs, 1);
}

function resolveLimits({ limits }: RealtimeModuleOptions): ResolvedOptions['limits'] {
  const given = defined('limits', limits, [...Object.keys(LIMITS), ...CLIENT_LIMIT_NAMES]);
  const isOfClients = ([name]: [string, unknown]): boolean => CLIENT_LIMIT_NAMES.includes(name);
  const entries = Object.entries(given);
  const own = Object.fromEntries(entries.filter((entry) => !isOfClients(entry)));
  return {
    ...positive('limits', { ...LIMITS, ...own }),
    ...resolveClientLimits(Object.fromEntries(entries.filter(isOfClients))),
  };
}

function resolveSessions({ sessions }: RealtimeModuleOptions): ResolvedOptions['sessions'] {
  const secureCookie = !['development', 'test'].includes(process.env['NODE_ENV'] ?? '');
  const resolved = {
    secureCookie,
    ...SESSIONS,
    ...defined('sessions', sessions, ['secureCookie', 'binding', ...Object.keys(SESSIONS)]),
    binding: resolveBinding(sessions?.binding),
  };
  integer('sessions.ttlMs', resolved.ttlMs, 1_000, Number.MAX_SAFE_INTEGER);
  integer('sessions.maxAgeMs', resolved.maxAgeMs, resolved.ttlMs, Number.MAX_SAFE_INTEGER);
  for (const name of ['resumeGraceMs', 'expiryNoticeMs', 'expiryGraceMs'] as const)
    integer(`sessions.${name}`, resolved[name], 0);
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(resolved.cookieName)) {
    throw invalid('sessions.cookieName', resolved.cookieName, 'the name of a cookie');
  }
  return resolved;
}

function resolveSse({ sse }: RealtimeModuleOptions): ResolvedOptions['sse'] {
  const resolved = { ...SSE, ...defined('sse', sse, Object.keys(SSE)) };
  const [low, high] = Array.isArray(resolved.retryMs) ? (resolved.retryMs as readonly number[]) : [];
  if (!Number.isInteger(low) || !Number.isInteger(high) || low! < 0 || high! < low! || high! > MAX_MS) {
    throw invalid('sse.retryMs', resolved.retryMs, 'two whole numbers of milliseconds, the lower first');
  }
  integer('sse.keepAliveMs', resolved.keepAliveMs, 1);
  integer('sse.maxStreamMs', resolved.maxStreamMs, 1);
  return resolved;
}
