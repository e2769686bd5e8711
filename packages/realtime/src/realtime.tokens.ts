import type { Backend } from './backend/backend.js';
import type { ResolvedOptions } from './realtime.options.js';

/** Injection token of {@link ResolvedOptions}. */
export const REALTIME_OPTIONS = Symbol('ResolvedOptions');
/** Injection token of the {@link Backend}. */
export const REALTIME_BACKEND = Symbol('Backend');

export type { Backend, ResolvedOptions };
/** Injection token of the base path, a string. */
export const REALTIME_BASE_PATH = Symbol('BasePath');
