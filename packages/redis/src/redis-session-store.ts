import type { SessionChanges, SessionStore, StoredSession, StoredTicket } from '@nestwire/realtime';
import type { Keys } from './keys.js';
import type { RedisClients } from './redis-clients.js';
import type { RedisWriter } from './redis-writer.js';
import { Script } from './script.js';

const CREATE = new Script('create-session');
const UPDATE = new Script('update-session');

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
    const args = [session.expiresAt, ...hashOf(session)];
    if ((await this.writer.run<number>(CREATE, [this.keys.session(session.sid)], () => args)) === 0)
      return false;
    await this.index(session.sid, session);
    return true;
  }

  async find(sid: string): Promise<StoredSession | undefined> {
    const contents = await this.clients.attempt((client) => client.hgetall(this.keys.session(sid)));
    return Object.keys(contents).length === 0 ? undefined : sessionOf(contents);
  }

  async findBySecretHash(secretHash: string): Promise<StoredSession | undefined> {
    const sid = await this.clients.attempt((client) => client.get(this.keys.secret(secretHash)));
    const session = sid === null ? undefined : await this.find(sid);
    return session?.secretHash === secretHash ? session : undefined;
  }

  async update(sid: string, ifSecretHash: string, changes: SessionChanges): Promise<boolean> {
    const args = [ifSecretHash, ...hashOf(changes)];
    if ((await this.writer.run<number>(UPDATE, [this.keys.session(sid)], () => args)) === 0) return false;
    const session = await this.find(sid);
    if (session !== undefined) await this.index(sid, session);
    return true;
  }

  async listByUser(userId: string): Promise<string[]> {
    const sids = await this.clients.attempt((client) =>
      client.zrange(this.keys.userSessions(userId), '0', '-1'),
    );
    const sessions = await Promise.all(sids.map((sid) => this.find(sid)));
    const isTheirs = (session: StoredSession | undefined): boolean =>
      session?.principal.userId === userId && session.revokedAt === undefined;
    return sids.filter((_, index) => isTheirs(sessions[index]));
  }

  async putTicket(ticketHash: string, ticket: StoredTicket): Promise<void> {
    await this.clients.attempt((client) =>
      client.set(this.keys.ticket(ticketHash), JSON.stringify(ticket), 'PXAT', ticket.expiresAt),
    );
  }

  async findTicket(ticketHash: string): Promise<StoredTicket | undefined> {
    const text = await this.clients.attempt((client) => client.get(this.keys.ticket(ticketHash)));
    return text === null ? undefined : (JSON.parse(text) as StoredTicket);
  }

  private async index(
    sid: string,
    { secretHash, principal, endsAt, revokedAt }: StoredSession,
  ): Promise<void> {
    await this.clients.attempt((client) => client.set(this.keys.secret(secretHash), sid, 'PXAT', endsAt));
    const { userId } = principal;
    if (userId === undefined || revokedAt !== undefined) return;
    const key = this.keys.userSessions(userId);
    await this.clients.attempt((client) =>
      Promise.all([
        client.zremrangebyscore(key, '-inf', String(Date.now())),
        client.zadd(key, endsAt, sid),
        client.pexpireat(key, endsAt),
      ]),
    );
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
    ...(revokedAt === undefined ? {} : { revokedAt: Number(revokedAt) }),
  };
}
