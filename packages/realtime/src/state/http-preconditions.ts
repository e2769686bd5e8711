import type { IncomingHttpHeaders } from 'node:http';
import { RealtimeError } from '@nestwire/protocol';
import type { Precondition } from './commit-edit.js';

/** Weak tags are taken for strong ones: a proxy that compresses weakens ours in passing, and the version that it names is the same. */
const TAG = /(?:W\/)?"([\x21\x23-\x7e]*)"/;
const ONE_TAG = new RegExp(`^\\s*${TAG.source}\\s*$`);
const ALL_TAGS = new RegExp(TAG.source, 'g');

/** The `ETag` of a version. */
export function tagOf(version: string): string {
  return `"${version}"`;
}

/** True where `If-None-Match` says that the client has this version already. */
export function hasVersion({ 'if-none-match': header }: IncomingHttpHeaders, version: string): boolean {
  if (header === undefined) return false;
  return header.trim() === '*' || [...header.matchAll(ALL_TAGS)].some(([, tag]) => tag === version);
}

/**
 * What a PATCH demands: `If-Match` one version, or `*` that the document exists; `If-None-Match: *` that it does not.
 * @throws RealtimeError `bad_request` for anything else.
 */
export function readPrecondition(headers: IncomingHttpHeaders): Precondition {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  if (match !== undefined && noneMatch !== undefined)
    throw invalid('If-Match and If-None-Match do not go together');
  if (noneMatch !== undefined) {
    if (noneMatch.trim() !== '*') throw invalid('If-None-Match of a PATCH can only be *');
    return { ifVersion: null };
  }
  if (match === undefined) return {};
  if (match.trim() === '*') return { ifExists: true };
  const [, version] = ONE_TAG.exec(match) ?? [];
  if (version === undefined) throw invalid('If-Match takes one "version" in quotes, or *');
  return { ifVersion: version };
}

function invalid(message: string): RealtimeError {
  return new RealtimeError('bad_request', message);
}
