import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import {
  CLOSE_CODES,
  type CloseCode,
  isSubscribableName,
  RESERVED_CHANNEL_PREFIXES,
} from '@nestwire/protocol';
import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Backend } from '../backend/backend.js';
import type { LogEntry } from '../backend/event-log.js';
import type { Slot } from '../limits/connection-limits.js';
import { Counters } from '../observability/counters.js';
import { ErrorReporter } from '../observability/error-reporter.js';
import type { ResolvedOptions } from '../realtime.options.js';
import { REALTIME_BACKEND, REALTIME_OPTIONS } from '../realtime.tokens.js';
import type { Identity } from '../sessions/identity.js';
import { sessionChannel } from '../sessions/followed-channels.js';
import { sessionDocument } from '../sessions/session-document.js';
import { IdentityService } from '../sessions/identity.service.js';
import { secretHashOf } from '../sessions/session-records.js';
import type { Session } from '../sessions/session.js';
import { ResumeTokens } from '../sessions/resume-tokens.service.js';
import { RealtimeSessions } from '../sessions/sessions.service.js';
import { Documents } from '../state/documents.js';
import { snapshotText } from '../state/document-snapshot.js';
import { Connection, type ConnectionHost } from './connection.js';
import { Hub } from './hub.js';
import type { Outlet } from './outlet.js';
import { closeCodeOf, IdentityWatch } from './identity-watch.js';
import { PolicyRegistry } from './policy-registry.js';
import { CHANGE_CODES, type SessionChange, sessionChangeEvent } from './session-changes.js';
import { snapshotEntry } from './subscription.js';
import type { Topic } from './topic.js';
import { atMost } from '../at-most.js';

/** So many close reasons that could not be told are kept; the oldest go first. */
const MAX_REMEMBERED = 10_000;
const SWEEP_INTERVAL_MS = 500;
/** A request that was let in becomes a connection within this, in milliseconds. */
const MAX_OPENING_MS = 60_000;

/** Ends that speak against the client. */
const FAILURES: ReadonlySet<CloseCode> = new Set(['slow_consumer', 'delivery_timeout', 'failing']);

interface Progress {
  sentBytes: number;
  at: number;
}

/** The connections of this node: finds them, watches over those that are behind, and ends them. */
@Injectable()
export class Connections implements ConnectionHost, OnApplicationBootstrap, OnModuleDestroy {
  readonly limits: ResolvedOptions['limits'];
  private readonly connections = new Map<string, Connection>();
  /** Those for which something is waiting, and when anything last got through. */
  private readonly behind = new Map<Connection, Progress>();
  private readonly watches = new Map<Connection, IdentityWatch>();
  private readonly untold: LRUCache<string, CloseCode>;
  /** Sessions that were revoked or rotated of late, and when: of a request that came just before, the connection comes after. */
  private readonly changed = new LRUCache<string, { code: CloseCode; at: number }>({
    ...atMost(MAX_REMEMBERED),
    ttl: MAX_OPENING_MS,
  });
  /** True where all were told last that the backend is away. */
  isDegraded = false;
  private timer: NodeJS.Timeout | undefined;
  private unsubscribes: (() => void)[] = [];

  constructor(
    readonly hub: Hub,
    readonly errors: ErrorReporter,
    readonly counters: Counters,
    private readonly policies: PolicyRegistry,
    private readonly sessions: RealtimeSessions,
    @Inject(REALTIME_BACKEND) private readonly backend: Backend,
    private readonly documents: Documents,
    private readonly identities: IdentityService,
    private readonly resumeTokens: ResumeTokens,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
  ) {
    this.limits = options.limits;
    this.untold = new LRUCache({ ...atMost(MAX_REMEMBERED), ttl: options.sse.maxStreamMs });
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.sweep(), SWEEP_INTERVAL_MS).unref();
    this.unsubscribes = [
      this.sessions.onRevoked((sid) => this.announce(sid, 'realtime.session-revoked')),
      // Due at once, so that some node ends it though this one dies.
      this.sessions.onRevoked((sid) => this.backend.documents.expiring.set(sessionDocument(sid), 0)),
      this.sessions.onRotated((sid) => this.announce(sid, 'realtime.session-rotated')),
    ];
    this.hub.onSessionUnsure = (sid) => this.review(sid);
    this.hub.onSessionChanged = (sid, code) => this.onChanged(sid, code);
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    for (const unsubscribe of this.unsubscribes) unsubscribe();
  }

  /** `askedAt`, by `performance.now()`, is before its session was looked up. */
  create(
    transport: Connection['transport'],
    identity: Identity,
    outlet: Outlet,
    origin: string | undefined,
    askedAt: number,
    slot?: Slot,
  ): Connection {
    const connection = new Connection(this, transport, identity, outlet, origin, slot);
    this.connections.set(connection.id, connection);
    if (identity.session !== null || identity.principal.expiresAt !== undefined)
      this.watchIdentity(connection);
    this.counters.opened[transport] += 1;
    const change = identity.session === null ? undefined : this.changed.get(identity.session.sid);
    if (change !== undefined && change.at >= askedAt) setImmediate(() => connection.close(change.code));
    return connection;
  }

  get(id: string): Connection | undefined {
    return this.connections.get(id);
  }

  all(): Connection[] {
    return [...this.connections.values()];
  }

  /** Tells every client how the backend is, and those that come meanwhile. */
  tell(event: 'degraded' | 'healed'): void {
    this.isDegraded = event === 'degraded';
    for (const connection of this.connections.values()) connection.tell(event);
  }

  greeted(connection: Connection): void {
    if (this.isDegraded) connection.tell('degraded');
  }

  renewed(connection: Connection): void {
    this.watches.get(connection)?.renew();
  }

  remove(connection: Connection): void {
    connection.slot?.release();
    this.connections.delete(connection.id);
    this.watches.get(connection)?.stop();
    this.watches.delete(connection);
    this.behind.delete(connection);
    if (connection.resumption !== undefined) this.resumeTokens.release(connection.resumption);
  }

  /** Keeps an eye on a connection until everything that was written has got through. */
  watch(connection: Connection): void {
    if (connection.outlet.queuedBytes() === 0 || this.behind.has(connection)) return;
    this.behind.set(connection, { sentBytes: connection.outlet.sentBytes(), at: performance.now() });
  }

  closeSession(sid: string, code: CloseCode): void {
    for (const connection of this.all()) if (connection.identity.session?.sid === sid) connection.close(code);
  }

  /** Remembers why a connection ended, where it could not be told or must not come back. */
  ended({ origin, slot }: Connection, code: CloseCode): void {
    if (FAILURES.has(code)) slot?.settle(false);
    const { told, reconnect } = CLOSE_CODES[code];
    this.counters.closed(code);
    if (origin !== undefined && (!told || !reconnect)) this.untold.set(origin, code);
  }

  /** True where the last connection of this origin ended with a code that forbids to come back. */
  isKeptAway(origin: string | undefined): boolean {
    const code = origin === undefined ? undefined : this.untold.get(origin);
    return code !== undefined && !CLOSE_CODES[code].reconnect;
  }

  /** Why the last connection of this origin ended, where it could not be told: said once, to the one that asks. */
  previous(origin: string | undefined): { code: CloseCode } | undefined {
    const code = origin === undefined ? undefined : this.untold.get(origin);
    if (code === undefined) return undefined;
    if (CLOSE_CODES[code].reconnect) this.untold.delete(origin!);
    return { code };
  }

  /** True where the policies still open all of these channels to the identity. */
  async mayKeep(identity: Identity, channels: readonly string[]): Promise<boolean> {
    const asked = channels.filter((channel) => isSubscribableName(channel));
    const answers = asked.map((channel) => this.policies.assertCanSubscribe(identity, channel));
    return (await Promise.allSettled(answers)).every(({ status }) => status === 'fulfilled');
  }

  async readSnapshot(topic: Topic): Promise<LogEntry> {
    const before = topic.end;
    const stored = await this.documents.read(topic.name.slice(RESERVED_CHANNEL_PREFIXES.state.length));
    return snapshotEntry(stored?.position ?? before, stored === undefined ? '{}' : snapshotText(stored));
  }

  /** Closes the session's connections here, at once, and on every other node, by way of the session's own channel. */
  private async announce(sid: string, change: SessionChange): Promise<void> {
    const event = sessionChangeEvent(change, randomUUID());
    this.onChanged(sid, CHANGE_CODES[change]);
    await this.backend.log.append(sessionChannel(sid), [event], this.options.history);
  }

  private watchIdentity(connection: Connection): void {
    const onUse = (): void => {
      if (connection.resumption !== undefined) this.resumeTokens.keep(connection.resumption);
    };
    this.watches.set(
      connection,
      new IdentityWatch(connection, this.identities, this.options.sessions, onUse),
    );
  }

  /** The session's own channel has lost what happened to it; its record has not. Where that cannot be read either, its clients come back. */
  private async review(sid: string): Promise<void> {
    const own = this.all().filter(({ identity }) => identity.session?.sid === sid);
    for (const connection of own) {
      const code = await this.identities.recheck(connection.identity).then(
        ({ session }) => (isSameSecret(session, connection.identity.session) ? undefined : 'retry'),
        (error: unknown) => closeCodeOf(error) ?? 'retry',
      );
      if (code !== undefined) connection.close(code);
    }
  }

  private onChanged(sid: string, code: CloseCode): void {
    this.changed.set(sid, { code, at: performance.now() });
    this.closeSession(sid, code);
  }

  private sweep(): void {
    const now = performance.now();
    for (const [connection, progress] of this.behind) {
      const sentBytes = connection.outlet.sentBytes();
      if (connection.outlet.queuedBytes() === 0) this.behind.delete(connection);
      else if (sentBytes > progress.sentBytes) this.behind.set(connection, { sentBytes, at: now });
      else if (now - progress.at > this.limits.deliveryTimeoutMs) connection.close('delivery_timeout');
    }
  }
}

function isSameSecret(now: Session | null, before: Session | null): boolean {
  return now !== null && before !== null && secretHashOf(now) === secretHashOf(before);
}
