import type { CanActivate } from '@nestjs/common';
import { assertObject, defined, integer, invalid } from '../realtime.checks.js';
import type { MetricsAccess, RealtimeModuleOptions, ResolvedOptions } from '../realtime.options.js';

export function resolveMetrics({ metrics }: RealtimeModuleOptions): ResolvedOptions['metrics'] {
  const { endpoint, registry } = defined('metrics', metrics, ['endpoint', 'registry']);
  // A token from an environment variable that is not set must not open the door, nor close it without a word.
  if (endpoint !== undefined && !isMetricsAccess(endpoint)) {
    throw invalid(
      'metrics.endpoint',
      kindsOf(endpoint),
      '{ token } with a text, { guard } with a guard, or "everybody"',
    );
  }
  assertObject(
    'metrics.registry',
    registry,
    (value) => typeof value.registerMetric === 'function',
    'a Registry of prom-client',
  );
  return { endpoint, registry };
}

function isMetricsAccess(access: MetricsAccess): boolean {
  if (typeof access !== 'object' || access === null) return access === 'everybody';
  const { token, guard } = access as { token?: unknown; guard?: unknown };
  if (guard === undefined) return typeof token === 'string' && token !== '';
  const isGuard =
    typeof guard === 'function' || typeof (guard as CanActivate | null)?.canActivate === 'function';
  return token === undefined && isGuard;
}

export function resolveHealth({ health }: RealtimeModuleOptions): ResolvedOptions['health'] {
  const resolved = { livenessAfterMs: 300_000, ...defined('health', health, ['livenessAfterMs']) };
  if (resolved.livenessAfterMs !== false) integer('health.livenessAfterMs', resolved.livenessAfterMs, 0);
  return resolved;
}

/** The value without what it holds: a token belongs into no message. */
function kindsOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, typeof part]));
}
