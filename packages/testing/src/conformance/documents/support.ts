import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  applyPatch,
  type Fields,
  RESERVED_CHANNEL_PREFIXES,
  STATE_EVENTS,
  type StatePatch,
} from '@nestwire/protocol';
import type {
  CommitOutcome,
  CommitRequest,
  DocumentStore,
  LogEntry,
  Position,
  StoredDocument,
  StoredField,
} from '@nestwire/realtime';
import { KEEP } from '../event-log/support.js';

/** The channel whose fold the document is. */
export function channelOf(id: string): string {
  return RESERVED_CHANNEL_PREFIXES.state + id;
}

/** A commit of these fields (JSON texts; undefined removes), with an operation id of its own. */
export function aCommit(
  fields: Readonly<Record<string, string | undefined>>,
  conditions: Partial<CommitRequest> = {},
): CommitRequest {
  const set = Object.entries(fields).filter((each): each is [string, string] => each[1] !== undefined);
  const del = Object.keys(fields).filter((name) => fields[name] === undefined);
  return { set: new Map(set), del, operationId: randomUUID(), ...conditions };
}

/** Commits, and answers with the position; rejects where the commit is refused. */
export async function commit(
  documents: DocumentStore,
  id: string,
  fields: Readonly<Record<string, string | undefined>>,
  conditions?: Partial<CommitRequest>,
): Promise<Position> {
  const outcome = await documents.commit(id, aCommit(fields, conditions), KEEP);
  assert.equal(outcome.ok, true, 'the commit was refused');
  return outcome.position;
}

/** The document, which must exist. */
export async function readDocument(documents: DocumentStore, id: string): Promise<StoredDocument> {
  return (await documents.read(id)) ?? assert.fail('the document does not exist');
}

/** The values' texts by field. */
export function textsOf(fields: ReadonlyMap<string, StoredField>): Record<string, string> {
  return Object.fromEntries([...fields].map(([name, { value }]) => [name, value]));
}

export function assertRefused(
  outcome: CommitOutcome,
): asserts outcome is Extract<CommitOutcome, { readonly ok: false }> {
  assert.equal(outcome.ok, false, 'the commit was not refused');
}

/** What a `state.patch` entry says that it changed. */
export function patchOf(entry: LogEntry): Required<StatePatch> {
  assert.equal(entry.event, STATE_EVENTS.patch);
  const { set = {}, del = [] } = JSON.parse(entry.data) as StatePatch;
  return { set, del };
}

/** What a reader has who begins with the document and applies the patches that follow. */
export function fold(document: StoredDocument | undefined, patches: readonly LogEntry[]): Fields {
  const start: Fields = Object.fromEntries(
    [...(document?.fields ?? [])].map(([name, { value }]) => [name, JSON.parse(value) as unknown]),
  );
  return patches.reduce<Fields>((fields, entry) => applyPatch(fields, patchOf(entry)), start);
}
