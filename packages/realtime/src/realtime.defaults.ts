import type { CanActivate } from '@nestjs/common';
import { memoryBackend } from './backend/memory/memory-backend.js';
import type { History } from './backend/event-log.js';
import type { Authenticator } from './sessions/authenticator.js';
import type { MetricsAccess, RealtimeModuleOptions, ResolvedOptions } from './realtime.options.js';

type Numbers = Record<string, number>;

const HISTORY: History = { size: 1_000, ttlMs: 30_000 };

const SESSIONS = { ttlMs: 30 * 60_000, maxAgeMs: 7 * 24 * 60 * 60_000, cookieName: 'realtime_session' };

const LIMITS = {
  maxEventBytes: 256 * 1024,
  maxMessageBytes: 128 * 1024,
  maxNesting: 32,
  maxChannelsPerConnection: 100,
  maxQueuedBytes: 1024 * 1024,
  deliveryTimeoutMs: 5_000,
  maxTailBytes: 64 * 1024 * 1024,
};

const SSE = { keepAliveMs: 15_000, retryMs: [1_000, 5_000] as const, maxStreamMs: 10 * 60_000 };

const SOCKET_IO = { pingIntervalMs: 10_000, pingTimeoutMs: 10_000 };

const OPTIONS = [
  'backend',
  'authenticate',
  'history',
  'sessions',
  'limits',
  'sse',
  'socketIo',
  'metrics',
  'health',
  'drainSpreadMs',
  'onError',
];

/** The longest time that a timer of Node.js can wait. */
const MAX_MS = 2 ** 31 - 1;

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
  const history = { ...HISTORY, ...defined('history', options.history, Object.keys(HISTORY)) };
  assertHistory('history', history);
  return {
    backend: options.backend ?? memoryBackend(),
    authenticate: options.authenticate ?? { authenticate: () => null },
    history,
    sessions: resolveSessions(options),
    limits: positive('limits', { ...LIMITS, ...defined('limits', options.limits, Object.keys(LIMITS)) }),
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

function resolveSessions({ sessions }: RealtimeModuleOptions): ResolvedOptions['sessions'] {
  const secureCookie = !['development', 'test'].includes(process.env['NODE_ENV'] ?? '');
  const resolved = {
    secureCookie,
    ...SESSIONS,
    ...defined('sessions', sessions, ['secureCookie', ...Object.keys(SESSIONS)]),
  };
  integer('sessions.ttlMs', resolved.ttlMs, 1_000, Number.MAX_SAFE_INTEGER);
  integer('sessions.maxAgeMs', resolved.maxAgeMs, resolved.ttlMs, Number.MAX_SAFE_INTEGER);
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

function resolveMetrics({ metrics }: RealtimeModuleOptions): ResolvedOptions['metrics'] {
  const resolved = defined('metrics', metrics, ['endpoint', 'registry']);
  const { endpoint, registry } = resolved;
  // A token from an environment variable that is not set must not open the door, nor close it without a word.
  if (endpoint !== undefined && !isMetricsAccess(endpoint)) {
    throw invalid('metrics.endpoint', endpoint, '{ token } with a text, { guard } with a guard, or "everybody"');
  }
  assertObject(
    'metrics.registry',
    registry,
    (value) => typeof value.registerMetric === 'function',
    'a Registry of prom-client',
  );
  return resolved;
}

function isMetricsAccess(access: MetricsAccess): boolean {
  if (typeof access !== 'object' || access === null) return access === 'everybody';
  const { token, guard } = access as { token?: unknown; guard?: unknown };
  if (guard === undefined) return typeof token === 'string' && token !== '';
  const isGuard = typeof guard === 'function' || typeof (guard as CanActivate | null)?.canActivate === 'function';
  return token === undefined && isGuard;
}

function resolveHealth({ health }: RealtimeModuleOptions): ResolvedOptions['health'] {
  const resolved = { livenessAfterMs: 300_000, ...defined('health', health, ['livenessAfterMs']) };
  if (resolved.livenessAfterMs !== false) integer('health.livenessAfterMs', resolved.livenessAfterMs, 0);
  return resolved;
}

function positive<T extends Numbers>(group: string, values: T): T {
  for (const [name, value] of Object.entries(values)) integer(`${group}.${name}`, value, 1);
  return values;
}

function integer(option: string, value: number, least: number, most = MAX_MS): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalid(option, value, `a whole number from ${least} to ${most}`);
}

/** Leaves out what is undefined, so that it does not stand in a default's place. */
function defined<T extends object>(
  group: string,
  values: T | undefined,
  known: readonly string[],
): Partial<T> {
  if (values === undefined) return {};
  if (typeof values !== 'object' || values === null) throw invalid(group, values, 'an object');
  assertKnown(Object.keys(values), known, `${group}.`);
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function assertKnown(names: readonly string[], known: readonly string[], prefix: string): void {
  const stranger = names.find((name) => !known.includes(name));
  if (stranger === undefined) return;
  throw new Error(
    `Nestwire: there is no option "${prefix}${stranger}"; allowed are ${known.map((name) => prefix + name).join(', ')}`,
  );
}

function assertObject<T>(
  option: string,
  value: T | undefined,
  fits: (value: T) => boolean,
  allowed: string,
): void {
  if (value === undefined || (typeof value === 'object' && value !== null && fits(value))) return;
  throw invalid(option, typeof value, allowed);
}

function invalid(option: string, value: unknown, allowed: string): Error {
  return new Error(`Nestwire: option "${option}" is ${display(value)}; allowed is ${allowed}`);
}

function display(value: unknown): string {
  return typeof value === 'object' || typeof value === 'string' ? JSON.stringify(value) : String(value);
}
