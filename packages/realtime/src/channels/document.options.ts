import type { History } from '../backend/event-log.js';
import { assertHistory } from '../realtime.defaults.js';
import { defined, integer, positive } from '../realtime.checks.js';
import type { ResolvedOptions } from '../realtime.options.js';

/** What the channels of a pattern keep; what is left out is the module's own `history`. */
export interface ChannelOptions {
  history?: Partial<History>;
}

/** What holds for the documents of a pattern. */
export interface DocumentOptions extends ChannelOptions {
  /**
   * A document that is neither read nor changed for so long, in milliseconds, is removed: those who follow it get a patch that
   * removes its fields, and its policy's `onExpire` is called. Exact to a tenth. Default: it lives until it is removed.
   */
  ttlMs?: number;
  /** Saves its documents to the module's `stateSink`, and loads from there those that the backend does not have. Default: not saved. */
  sink?: SinkOptions;
}

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
}

const DOCUMENT_OPTIONS = ['history', 'ttlMs', 'sink'];

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
  const { history, ttlMs, sink } = defined(`@RealtimeDocument of ${owner}`, options, DOCUMENT_OPTIONS);
  return {
    history: resolveHistory(owner, history, module),
    ttlMs: ttlMs === undefined ? undefined : integer(`ttlMs of ${owner}`, ttlMs, 1_000),
    sink: sink === undefined ? undefined : resolveSink(owner, sink, module),
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
