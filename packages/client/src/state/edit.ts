import { applyPatch, type ErrorBody, type Fields, type RealtimeError } from '@nestwire/protocol';
import { jsonCopy } from '../json-copy.js';
import type { ChangeResult, ConflictHandler, StateRecipe } from './document.types.js';
import { type Changes, difference, isEqual, namesOf, pick, toChanges } from './fields.js';
import type { ServerCopy } from './server-copy.js';
import { isAtLeast } from './versions.js';

/** What a server says of a conflict. */
interface ConflictDetails {
  readonly version?: string;
  readonly fields?: Record<string, { value: unknown; version: string }>;
  readonly missing?: readonly string[];
}

/** One change of one's own, from when it is made until the server's word of it has come. */
export abstract class Edit {
  /** Version at which the server has it. */
  committedAt: string | undefined;
  /** The ids under which it was sent: they come back with the patch. */
  readonly ids = new Set<string>();
  /** It was sent, and may have been committed without our hearing of it. */
  mayBeCommitted = false;
  /** Patches that came meanwhile were not seen one by one: its own may have been among them. */
  isBlind = false;
  /** What was sent last. */
  protected sent: Changes | undefined;
  readonly done: Promise<ChangeResult>;
  resolve!: (result: ChangeResult) => void;
  reject!: (error: Error) => void;

  constructor() {
    this.done = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
  }

  /** The fields with this change. What was committed is shown as it was. */
  show(fields: Readonly<Fields>): Fields {
    return applyPatch(fields, this.committedAt === undefined ? this.work(fields) : this.sent!);
  }

  /** What to send, given what stands before it; undefined where it changes nothing. */
  prepare(server: ServerCopy, fields: Readonly<Fields>, id: string): object | undefined {
    const changes = (this.sent = this.work(fields));
    const names = namesOf(changes);
    if (names.length === 0) return undefined;
    this.ids.add(id);
    return { ...changes, correlationId: id, ...this.precondition(server, names) };
  }

  /** True where what the server has now is what this has sent: it was committed, and the answer was lost. */
  matches({ fields = {}, missing = [] }: ConflictDetails): boolean {
    if (!this.mayBeCommitted || !this.isBlind || this.sent === undefined) return false;
    const { set, del } = this.sent;
    return namesOf(this.sent).every(
      (name) =>
        (fields[name] === undefined && !missing.includes(name)) ||
        (del.includes(name) ? missing.includes(name) : isEqual(set[name], fields[name]?.value)),
    );
  }

  /** Fields of an earlier change of one's own are at its version now. */
  abstract follows(names: readonly string[], version: string): void;

  /** What becomes of it: it is sent again, perhaps only once the server's own word has come; or it is given up. */
  abstract meet(
    conflict: ConflictDetails,
    server: ServerCopy,
    error: RealtimeError,
  ): 'again' | 'wait' | 'give up';

  get names(): readonly string[] {
    return this.sent === undefined ? [] : namesOf(this.sent);
  }

  protected abstract work(fields: Readonly<Fields>): Changes;
  protected abstract precondition(server: ServerCopy, names: readonly string[]): object;
}

/** Fields at the versions at which they are to be; where one is not known, the document at a version. */
function preconditionOf(
  ifVersion: string,
  names: readonly string[],
  versionOf: (name: string) => string | null | undefined,
): object {
  const versions = names.map((name) => [name, versionOf(name)] as const);
  return versions.some(([, version]) => version === undefined)
    ? { ifVersion }
    : { ifFieldVersions: Object.fromEntries(versions) };
}

/** A change that depends on what it finds: it is worked out again over what others have committed. */
export class RecipeEdit extends Edit {
  private readonly own = new Map<string, string>();

  constructor(private readonly recipe: StateRecipe<Fields>) {
    super();
  }

  follows(names: readonly string[], version: string): void {
    for (const name of names) this.own.set(name, version);
  }

  /** A field that is as old as what we have is what we have. Otherwise what we do not have yet is on its way. */
  meet({ fields = {}, missing = [] }: ConflictDetails, server: ServerCopy): 'again' | 'wait' {
    const isKnown = this.names.every((name) => {
      const version = fields[name]?.version;
      if (version !== undefined) return isAtLeast(server.version, version);
      return !missing.includes(name);
    });
    if (!isKnown) return 'wait';
    for (const name of this.names) if (fields[name]) server.learn(name, fields[name].version);
    return 'again';
  }

  protected work(fields: Readonly<Fields>): Changes {
    const draft = structuredClone(fields);
    return difference(fields, jsonCopy(this.recipe(draft) ?? draft));
  }

  protected precondition(server: ServerCopy, names: readonly string[]): object {
    return preconditionOf(server.version, names, (name) => {
      const own = this.own.get(name);
      // What we have committed ourselves may not have come back yet.
      return own !== undefined && !isAtLeast(server.version, own) ? own : server.versionOf(name);
    });
  }
}

/** Fields that are set to values. Where somebody else has changed one of them since, the handler decides. */
export class FieldsEdit extends Edit {
  private expected: Map<string, string | null | undefined> | undefined;
  private baseVersion: string | undefined;
  private base: Fields = {};
  /** What it was made over: as long as it is followed, it tells which fields are as they were. */
  private copy: ServerCopy | undefined;
  private changes: Changes;

  constructor(
    private readonly id: string,
    fields: object,
    private readonly handler: ConflictHandler<Fields>,
    base?: { version: string | undefined; server: ServerCopy | undefined; shown: Readonly<Fields> },
  ) {
    super();
    this.changes = toChanges(fields);
    if (base?.server !== undefined) this.root(base.server, base.shown);
    else this.baseVersion = base?.version;
  }

  /** As it is kept beyond the page. */
  stored(): object {
    return { id: this.id, ...this.changes, ifVersion: this.baseVersion };
  }

  follows(names: readonly string[], version: string): void {
    for (const name of names) if (this.expected?.has(name)) this.expected.set(name, version);
  }

  meet(conflict: ConflictDetails, _server: ServerCopy, error: RealtimeError): 'again' | 'give up' {
    const { fields = {}, missing = [] } = conflict;
    const names = namesOf(this.changes);
    const current = (name: string): string | null | undefined =>
      fields[name]?.version ?? (missing.includes(name) ? null : undefined);
    const theirs = Object.fromEntries(names.map((name) => [name, fields[name]?.value]));
    // Who may not read is not told what stands there.
    if (names.every((name) => current(name) === undefined)) return 'give up';
    const differing = names.filter(
      (name) => current(name) !== undefined && this.isForeign(name, current(name)!),
    );
    for (const name of names) if (current(name) !== undefined) this.expected!.set(name, current(name));
    const mine = pick(this.changes.set, names);
    if (differing.every((name) => isEqual(mine[name], theirs[name]))) return 'again';
    const chosen = this.choose(mine, theirs, error);
    if (chosen === 'theirs') return 'give up';
    if (chosen !== 'mine') this.replace(chosen);
    return 'again';
  }

  protected work(): Changes {
    return this.changes;
  }

  protected precondition(server: ServerCopy, names: readonly string[]): object {
    if (this.expected === undefined) this.root(server, server.fields);
    const isUntouched = (name: string): boolean =>
      this.expected!.get(name) !== undefined ||
      (this.copy === server && server.versionOf(name) === undefined);
    const version = names.every(isUntouched) ? server.version : this.baseVersion!;
    return preconditionOf(version, names, (name) => this.expected!.get(name));
  }

  /** What it is made over. One that an earlier page has made is made over that page's version. */
  private root(server: ServerCopy, shown: Readonly<Fields>): void {
    const isOlder = this.baseVersion !== undefined && this.baseVersion !== server.version;
    this.baseVersion ??= server.version;
    if (!isOlder) this.copy = server;
    const names = namesOf(this.changes);
    this.base = pick(shown, names);
    this.expected = new Map(names.map((name) => [name, isOlder ? undefined : server.versionOf(name)]));
  }

  private isForeign(name: string, version: string | null): boolean {
    const expected = this.expected!.get(name);
    if (expected !== undefined) return version !== expected;
    return version === null || !isAtLeast(this.baseVersion, version);
  }

  private choose(mine: Fields, theirs: Fields, error: RealtimeError): 'mine' | 'theirs' | Fields {
    if (typeof this.handler !== 'function') return this.handler;
    return this.handler({ id: this.id, mine, theirs, base: this.base, error });
  }

  private replace(fields: object): void {
    this.changes = toChanges(fields);
    for (const name of namesOf(this.changes))
      if (!this.expected!.has(name)) this.expected!.set(name, undefined);
  }
}

export function conflictDetails({ details }: ErrorBody): ConflictDetails {
  return details ?? {};
}
