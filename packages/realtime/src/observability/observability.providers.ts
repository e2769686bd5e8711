import type { Provider } from '@nestjs/common';
import { BackendWatch } from './backend-watch.js';
import { Counters } from './counters.js';
import { ErrorReporter } from './error-reporter.js';
import { RealtimeHealthIndicator } from './health-indicator.js';
import { RealtimeMetrics } from './metrics.js';

export const OBSERVABILITY_PROVIDERS: Provider[] = [
  ErrorReporter,
  Counters,
  BackendWatch,
  RealtimeHealthIndicator,
  RealtimeMetrics,
];

export const OBSERVABILITY_EXPORTS = [ErrorReporter, Counters, RealtimeHealthIndicator, RealtimeMetrics];
