import {
  MAX_RESUME_SUCCESSORS,
  type Resumed,
  type SessionChanges,
  type SessionStore,
  type StoredResumption,
  type StoredSession,
  type StoredTicket,
} from '@nestwire/realtime';
import { GatheredScript } from './gathered-script.js';
import type { Keys } from './keys.js';
import type { RedisClients } from './connections/redis-clients.js';
import type { RedisWriter } from './redis-writer.js';
import { Script } from './script.js';

const CREATE = new Script('session', 'create-session');
const UPDATE = new Script('session', 'update-session');
const LIST = new Script('list-session');
const BEGIN_RESUMPTION = new GatheredScript('begin-resumption');
const RESUME = new Script('resume');
const MOVE_RESUMPTION = new Script('move-resumption');

/**
 * {@link SessionStore} on Redis: a hash per session, and beside it, in slots of their own, which session a secret's hash and
 * which sessions a user belongs to. What these say is checked against the session, so that they may lag behind it.
 */
export class RedisSessionStore implements SessionStore {
  constructor(
    private readonly writer: RedisWriter,
    private readonly clients: RedisClients,
    private readonly keys: Keys,
  ) {}

  async create(session: StoredSession): Promise<boolean> {
    const args = (isRetry: boolean) => [isRetry ? 1 : 0, session.expiresAt, ...hashOf(session)];
    if ((await this.writer.run<number>(CREATE, [this.keys.session(session.sid)], args)) === 0) return false;
    await this.index(session.sid, session);
    return true;
  }

  async find(sid: string): Promise<StoredSession | undefined> {
    const key = this.keys.session(sid);
    const contents = await this.clients.attempt(key, (client) => client.hgetall(key));
    return Object.keys(contents).length === 0 ? undefined : sessionOf(contents);
  }

  async findBySecretHash(secretHash: string): Promise<StoredSession | undefined> {
    const key = this.keys.secret(secretHash);
    const sid = await this.clients.attempt(key, (client) => client.get(key));
    const session = sid === null ? undefined : await this.find(sid);
    return session?.secretHash === secretHash ? session : undefined;
  }

  async update(sid: string, ifSecretHash: string, changes: SessionChanges): Promise<boolean> {
    const args = (isRetry: boolean) => [isRetry ? 1 : 0, ifSecretHash, ...hashOf(changes)];
    if ((await this.writer.run<number>(UPDATE, [this.keys.session(sid)], args)) === 0) return false;
    const session = await this.find(sid);
    if (session !== undefined) await this.index(sid, session);
    return true;
  }

  async listByUser(userId: string): Promise<string[]> {
    const key = this.keys.userSessions(userId);
    const sids = await this.clients.attempt(key, (client) => client.zrange(key, '0', '-1'));
    const sessions = await Promise.all(sids.map((sid) => this.find(sid)));
    const isTheirs = (session: StoredSession | undefined): boolean =>
      session?.principal.userId === userId && session.revokedAt === undefined;
    return sids.filter((_, index) => isTheirs(sessions[index]));
  }

  async putTicket(ticketHash: string, ticket: StoredTicket): Promise<void> {
    const key = this.keys.ticket(ticketHash);
    const text = JSON.stringify(ticket);
    await this.clients.attempt(key, (client) => client.set(key, text, 'PXAT', ticket.expiresAt));
  }

  async findTicket(ticketHash: string): Promise<StoredTicket | undefined> {
    const key = this.keys.ticket(ticketHash);
    const text = await this.clients.attempt(key, (client) => client.get(key));
    return text === null ? undefined : (JSON.parse(text) as StoredTicket);
  }

  async putResumption(
    chain: string,
    { sid, secretHash, tokenHash, expiresAt }: StoredResumption,
  ): Promise<void> {
    const args = [expiresAt, sid, secretHash, tokenHash];
    await this.writer.ask(BEGIN_RESUMPTION, [this.keys.resumption(chain)], args);
  }

  async resume(
    chain: string,
    tokenHash: string,
    successorHash: string,
    expiresAt: number,
  ): Promise<Resumed | undefined> {
    const args = [tokenHash, successorHash, expiresAt, MAX_RESUME_SUCCESSORS];
    const reply = await this.writer.run<[string, string, string] | null>(
      RESUME,
      [this.keys.resumption(chain)],
      () => args,
    );
    if (reply === null) return undefined;
    const [sid, secretHash, outcome] = reply;
    return { sid, secretHash, isReplay: outcome === 'replayed' };
  }

  async moveResumption(chain: string, ifTokenHash: string, expiresAt: number): Promise<void> {
    await this.writer.run(MOVE_RESUMPTION, [this.keys.resumption(chain)], () => [ifTokenHash, expiresAt]);
  }

  private async index(
    sid: string,
    { secretHash, principal, endsAt, revokedAt }: StoredSession,
  ): Promise<void> {
    const secret = this.keys.secret(secretHash);
    const bySecret = this.clients.attempt(secret, (client) => client.set(secret, sid, 'PXAT', endsAt));
    const { userId } = principal;
    const isListed = userId !== undefined && revokedAt === undefined;
    const byUser = isListed
      ? this.writer.run(LIST, [this.keys.userSessions(userId)], () => [sid, endsAt])
      : undefined;
    await Promise.all([bySecret, byUser]);
  }
}

/** Each property is a field, as JSON where it is no number or text. */
function hashOf(properties: Partial<StoredSession>): (string | number)[] {
  return Object.entries(properties).flatMap(([name, value]) =>
    value === undefined ? [] : [name, typeof value === 'object' ? JSON.stringify(value) : value],
  );
}

function sessionOf(contents: Record<string, string>): StoredSession {
  const {
    sid = '',
    secretHash = '',
    principal = '{}',
    data = '{}',
    createdAt,
    lastSeenAt,
    expiresAt,
    endsAt,
    binding,
    revokedAt,
  } = contents;
  return {
    sid,
    secretHash,
    principal: JSON.parse(principal) as StoredSession['principal'],
    data: JSON.parse(data) as StoredSession['data'],
    createdAt: Number(createdAt),
    lastSeenAt: Number(lastSeenAt),
    expiresAt: Number(expiresAt),
    endsAt: Number(endsAt),
    ...(binding === undefined ? {} : { binding }),
    ...(revokedAt === undefined ? {} : { revokedAt: Number(revokedAt) }),
  };
}
