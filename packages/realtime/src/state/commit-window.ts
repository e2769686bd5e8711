import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { RealtimeError } from '@nestwire/protocol';
import type { CommitOutcome, CommitRequest } from '../backend/document-store.js';
import { MAX_FIELDS_PER_CALL } from './field-names.js';

type Commit = (request: CommitRequest) => Promise<CommitOutcome>;
type Refused = Extract<CommitOutcome, { ok: false }>;

interface Member {
  readonly request: CommitRequest;
  readonly resolve: (outcome: CommitOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Patches of one document, in their order, that become one commit. */
export class CommitWindow {
  bytes = 0;
  private readonly members: Member[] = [];
  private readonly set = new Map<string, string>();
  private readonly del = new Set<string>();
  private readonly checks = new Map<string, unknown>();

  constructor(private readonly maxBytes: number) {}

  /**
   * Whether the patch can join without a difference to what it would have come to alone: not where it demands a version of the document
   * or of a field that has changed before it in the window, and only among patches that demand the same otherwise.
   */
  accepts(request: CommitRequest): boolean {
    const [first] = this.members;
    if (first === undefined) return true;
    if (first.request.ifVersion !== undefined || request.ifVersion !== undefined) return false;
    if (!isDeepStrictEqual(restOf(first.request), restOf(request))) return false;
    if (this.bytes + bytesOf(request) > this.maxBytes || this.wouldOverflow(request)) return false;
    return [...(request.ifFieldVersions ?? [])].every(([name, version]) => this.agrees(name, version));
  }

  add(request: CommitRequest): Promise<CommitOutcome> {
    for (const [name, value] of request.set) {
      this.set.set(name, value);
      this.del.delete(name);
    }
    for (const name of request.del) {
      this.del.add(name);
      this.set.delete(name);
    }
    for (const [name, version] of request.ifFieldVersions ?? []) this.checks.set(name, version);
    this.bytes += bytesOf(request);
    return new Promise((resolve, reject) => this.members.push({ request, resolve, reject }));
  }

  /** Commits, and settles everybody's promise; whoever is refused does not stand in the way of the others. Never rejects. */
  async run(commit: Commit): Promise<void> {
    if (this.members.length === 1) return settle(this.members[0]!, commit);
    try {
      const outcome = await commit(this.gathered());
      if (outcome.ok) for (const { resolve } of this.members) resolve(outcome);
      else await this.without(outcome, commit);
    } catch (error) {
      if (error instanceof RealtimeError && error.code === 'too_large') return this.oneByOne(commit);
      this.fail(error);
    }
  }

  /** It is not committed. */
  fail(error: unknown): void {
    for (const { reject } of this.members) reject(error);
  }

  /** Those whose own fields have changed are told; the rest is tried again. */
  private async without(outcome: Refused, commit: Commit): Promise<void> {
    const differing = new Set([...outcome.fields.keys(), ...outcome.missing]);
    const isRefused = ({ request }: Member): boolean =>
      [...(request.ifFieldVersions?.keys() ?? [])].some((name) => differing.has(name));
    const refused = this.members.filter(isRefused);
    if (refused.length === 0) return this.oneByOne(commit);
    for (const { request, resolve } of refused) resolve(narrowed(outcome, request));
    const rest = this.members.filter((member) => !isRefused(member));
    if (rest.length === 0) return;
    const next = new CommitWindow(this.maxBytes);
    for (const { request, resolve, reject } of rest) next.add(request).then(resolve, reject);
    await next.run(commit);
  }

  private async oneByOne(commit: Commit): Promise<void> {
    for (const member of this.members) await settle(member, commit);
  }

  private gathered(): CommitRequest {
    const checks = this.checks as NonNullable<CommitRequest['ifFieldVersions']>;
    return {
      ...restOf(this.members[0]!.request),
      set: this.set,
      del: [...this.del],
      operationId: randomUUID(),
      ...(checks.size === 0 ? {} : { ifFieldVersions: checks }),
    };
  }

  private agrees(name: string, version: unknown): boolean {
    if (this.set.has(name) || this.del.has(name)) return false;
    return !this.checks.has(name) || isDeepStrictEqual(this.checks.get(name), version);
  }

  private wouldOverflow({ set, del, ifFieldVersions }: CommitRequest): boolean {
    const checks = this.checks.size + (ifFieldVersions?.size ?? 0);
    return Math.max(this.set.size + this.del.size + set.size + del.length, checks) > MAX_FIELDS_PER_CALL;
  }
}

async function settle({ request, resolve, reject }: Member, commit: Commit): Promise<void> {
  await commit(request).then(resolve, reject);
}

/** All but what is gathered. */
function restOf({
  set: _set,
  del: _del,
  ifFieldVersions: _checks,
  operationId: _operation,
  ...rest
}: CommitRequest): Omit<CommitRequest, 'set' | 'del' | 'ifFieldVersions' | 'operationId'> {
  return rest;
}

function narrowed(outcome: Refused, { ifFieldVersions }: CommitRequest): Refused {
  return {
    ...outcome,
    fields: new Map([...outcome.fields].filter(([name]) => ifFieldVersions?.has(name))),
    missing: outcome.missing.filter((name) => ifFieldVersions?.has(name)),
  };
}

/** What the fields take in the patch that is published. */
export function bytesOf({ set, del }: Pick<CommitRequest, 'set' | 'del'>): number {
  let bytes = 0;
  for (const [name, value] of set)
    bytes += Buffer.byteLength(JSON.stringify(name)) + Buffer.byteLength(value) + 2;
  for (const name of del) bytes += Buffer.byteLength(JSON.stringify(name)) + 1;
  return bytes;
}
