import type { Type } from '@nestjs/common';
import type { History } from '../backend/event-log.js';
import { assertHistory } from '../realtime.defaults.js';
import { defined, integer, invalid, positive } from '../realtime.checks.js';
import type { LimitOptions, ResolvedOptions } from '../realtime.options.js';
import type { DocumentShape } from '../state/document-shape.js';

/** What the channels of a pattern keep; what is left out is the module's own `history`. */
export interface ChannelOptions {
  history?: Partial<History>;
}

/** What holds for the documents of a pattern. */
export interface DocumentOptions extends ChannelOptions {
  /**
   * A class with decorators of class-validator, by which fields are checked before every commit; others than its own are refused. Needs the
   * packages class-validator and class-transformer. Default: fields are any JSON.
   */
  type?: Type;
  /** For how long this node gathers patches of one document into one commit, in milliseconds. Default 0: not at all. */
  coalesceMs?: number;
  /** Whether a client's write must say which version it is based on. Default false. */
  requireVersion?: boolean;
  /** Bounds of each document; what is left out is the module's own. */
  limits?: Pick<LimitOptions, (typeof LIMITS)[number]>;
  /**
   * A document that is neither read nor changed for so long, in milliseconds, is removed: those who follow it get a patch that
   * removes its fields, and its policy's `onExpire` is called. Exact to a tenth. Default: it lives until it is removed.
   */
  ttlMs?: number;
  /** Saves its documents to the module's `stateSink`, and loads from there those that the backend does not have. Default: not saved. */
  sink?: SinkOptions;
}

/** How often a document is saved. */
export interface SinkOptions {
  /** A document that has changed is saved within this, and no more often, in milliseconds. Default 5,000. */
  intervalMs?: number;
}

export type SinkSettings = Readonly<Required<SinkOptions>>;

/** A document's options with every default filled in. */
export interface DocumentSettings {
  readonly history: History;
  readonly ttlMs: number | undefined;
  readonly sink: SinkSettings | undefined;
  readonly type: Type | undefined;
  /** What the type demands, once it has been loaded. */
  readonly shape?: DocumentShape;
  readonly coalesceMs: number;
  readonly requireVersion: boolean;
  readonly limits: ResolvedOptions['limits'];
}

const LIMITS = ['maxFieldBytes', 'maxDocumentBytes', 'maxDocumentFields', 'maxNesting'] as const;
const DOCUMENT_OPTIONS = ['history', 'type', 'coalesceMs', 'requireVersion', 'limits', 'ttlMs', 'sink'];
/** Longer than anybody would wait for an answer. */
const MAX_COALESCE_MS = 60_000;
const SINK: SinkSettings = { intervalMs: 5_000 };

/**
 * Fills in the defaults and checks every option of a document.
 * @param owner The class that carries them, for messages.
 * @throws Error that names the option, its value, and what is allowed.
 */
export function resolveDocument(
  owner: string,
  options: DocumentOptions,
  module: ResolvedOptions,
): DocumentSettings {
  const {
    history,
    type,
    coalesceMs = 0,
    requireVersion = false,
    limits,
    ttlMs,
    sink,
  } = defined(`@RealtimeDocument of ${owner}`, options, DOCUMENT_OPTIONS);
  if (type !== undefined && typeof type !== 'function')
    throw invalid(`the type of ${owner}`, type, 'a class');
  if (typeof requireVersion !== 'boolean')
    throw invalid(`requireVersion of ${owner}`, requireVersion, 'true or false');
  return {
    history: resolveHistory(owner, history, module),
    ttlMs: ttlMs === undefined ? undefined : integer(`ttlMs of ${owner}`, ttlMs, 1_000),
    sink: sink === undefined ? undefined : resolveSink(owner, sink, module),
    type,
    coalesceMs: integer(`coalesceMs of ${owner}`, coalesceMs, 0, MAX_COALESCE_MS),
    requireVersion,
    limits: {
      ...module.limits,
      ...positive(
        `the limits of ${owner}`,
        defined(`the limits of ${owner}`, limits, LIMITS) as Record<string, number>,
      ),
    },
  };
}

function resolveSink(owner: string, sink: SinkOptions, { stateSink }: ResolvedOptions): SinkSettings {
  if (stateSink === undefined)
    throw new Error(`Nestwire: the documents of ${owner} have a sink, and the module has no "stateSink"`);
  return positive(`sink of ${owner}`, { ...SINK, ...defined(`sink of ${owner}`, sink, Object.keys(SINK)) });
}

/** @throws Error where the history is not one. */
export function resolveHistory(
  owner: string,
  history: Partial<History> | undefined,
  module: ResolvedOptions,
): History {
  const resolved = { ...module.history, ...history };
  assertHistory(`the history of ${owner}`, resolved);
  return resolved;
}
