import type { History } from '../backend/event-log.js';
import { assertHistory } from '../realtime.defaults.js';
import { defined } from '../realtime.checks.js';
import type { ResolvedOptions } from '../realtime.options.js';

/** What the channels of a pattern keep; what is left out is the module's own `history`. */
export interface ChannelOptions {
  history?: Partial<History>;
}

/** What holds for the documents of a pattern. */
export interface DocumentOptions extends ChannelOptions {}

/** A document's options with every default filled in. */
export interface DocumentSettings {
  readonly history: History;
}

const DOCUMENT_OPTIONS = ['history'];

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
  const { history } = defined(`@RealtimeDocument of ${owner}`, options, DOCUMENT_OPTIONS);
  return { history: resolveHistory(owner, history, module) };
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
