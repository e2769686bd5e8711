/**
 * Every key there is. All keys of one channel share a hash tag, hence a slot of a cluster; each key has a time to live
 * unless its line says why not.
 */
export class Keys {
  private readonly databaseSuffix: string;

  /** Messages are heard in all databases of a server, so that where they are published names the database. */
  constructor(
    private readonly prefix: string,
    database: number,
  ) {
    this.databaseSuffix = database === 0 ? '' : `:${database}`;
  }

  /** Hash: a channel's epoch, end, and a document's fields. No time to live while it holds a document: that is the application's data. */
  log(channel: string): string {
    return `${this.prefix}{${channel}}:log`;
  }

  /** Stream: a channel's entries. */
  entries(channel: string): string {
    return `${this.prefix}{${channel}}:entries`;
  }

  /** Sorted set: names of fields that were removed from a document, by the offset of the commit; as old as the history at most. */
  tombstones(channel: string): string {
    return `${this.prefix}{${channel}}:tombstones`;
  }

  /** Hash: the fields of a document that has expired, until its policy has heard of it. */
  removed(channel: string): string {
    return `${this.prefix}{${channel}}:removed`;
  }

  /**
   * Sorted set: ids of documents, by when they are to be looked at. No time to live: what becomes of documents hangs on it, each id
   * leaves it when its document is done with, and an empty set is none.
   */
  schedule(name: 'unsaved' | 'expiring'): string {
    return `${this.prefix}schedule:${name}`;
  }

  /** Where a channel's entries are published. */
  live(channel: string): string {
    return `${this.prefix}{${channel}}:live${this.databaseSuffix}`;
  }

  /** Where Socket.IO's own adapter publishes: the beginning of its channels' names. */
  get socketIo(): string {
    return `${this.prefix}socket.io${this.databaseSuffix}`;
  }

  /** Text: what an idempotency key stands for. */
  idempotency(channel: string, key: string): string {
    return `${this.prefix}{${channel}}:idempotency:${key}`;
  }

  /** Text: the record of a command. */
  command(scope: string, id: string): string {
    return `${this.prefix}command:${scope.length}:${scope}:${id}`;
  }

  /** Hash: a session. */
  session(sid: string): string {
    return `${this.prefix}session:${sid}`;
  }

  /** Text: the sid that a secret's hash belongs to. */
  secret(hash: string): string {
    return `${this.prefix}secret:${hash}`;
  }

  /** Sorted set: a user's sids, by when they end. */
  userSessions(userId: string): string {
    return `${this.prefix}user-sessions:${userId}`;
  }

  /** Text: a ticket. */
  ticket(hash: string): string {
    return `${this.prefix}ticket:${hash}`;
  }

  /** Hash: a chain of resume tokens. */
  resumption(chain: string): string {
    return `${this.prefix}resumption:${chain}`;
  }

  /** Text: what is counted against a limit, for as long as its window. */
  count(of: string): string {
    return `${this.prefix}count:${of}`;
  }

  /** Hash: how many of something each node holds. */
  held(of: string): string {
    return `${this.prefix}held:${of}`;
  }

  /** Text: a node that lives. */
  node(id: string): string {
    return `${this.prefix}node:${id}`;
  }
}
