import type { SessionChanges, SessionStore, StoredSession, StoredTicket } from '@nestwire/realtime';
import { sessionStoreConformance } from '../../src/index.js';
import { type Fault, type Faults, overriding, roundTrip } from './faults.js';

/** A backend whose sessions have some methods replaced. */
function withSessions(change: (sessions: SessionStore) => Partial<SessionStore>): Fault {
  return (backend) => ({ ...backend, sessions: overriding(backend.sessions, change(backend.sessions)) });
}

function without(changes: SessionChanges, name: keyof SessionChanges): SessionChanges {
  return Object.fromEntries(Object.entries(changes).filter(([each]) => each !== name));
}

/** Keeps what it has found, past its time. */
function cached<T>(find: (key: string) => Promise<T | undefined>): (key: string) => Promise<T | undefined> {
  const found = new Map<string, T>();
  return async (key) => {
    const value = await find(key);
    if (value !== undefined) found.set(key, value);
    return found.get(key);
  };
}

function findsByOldHashes(sessions: SessionStore): Partial<SessionStore> {
  const sids = new Map<string, string>();
  return {
    async create(session) {
      sids.set(session.secretHash, session.sid);
      return sessions.create(session);
    },
    findBySecretHash: async (hash) =>
      (await sessions.findBySecretHash(hash)) ??
      (sids.has(hash) ? sessions.find(sids.get(hash)!) : undefined),
  };
}

/** Compares, and writes a round trip later whatever has come between. */
function comparesTooEarly(sessions: SessionStore): Partial<SessionStore> {
  return {
    async update(sid, ifSecretHash, changes) {
      if ((await sessions.find(sid))?.secretHash !== ifSecretHash) return false;
      await roundTrip();
      return sessions.update(sid, (await sessions.find(sid))!.secretHash, changes);
    },
  };
}

/** Takes each token once, and knows nothing of answers that were lost. */
function takesTokensOnce(sessions: SessionStore): Partial<SessionStore> {
  const used = new Set<string>();
  return {
    async resume(chain, token, successor, expiresAt) {
      const resumed = await sessions.resume(chain, token, successor, expiresAt);
      const isReplay = used.has(`${chain} ${token}`);
      used.add(`${chain} ${token}`);
      return resumed && { ...resumed, isReplay: resumed.isReplay || isReplay };
    },
  };
}

/** Reads the session, and writes all of it a round trip later. */
function overwrites(sessions: SessionStore): Partial<SessionStore> {
  return {
    async update(sid, ifSecretHash, changes) {
      const session = await sessions.find(sid);
      await roundTrip();
      return sessions.update(sid, ifSecretHash, { ...session, ...changes });
    },
  };
}

function listsForEver(sessions: SessionStore): Partial<SessionStore> {
  const created: StoredSession[] = [];
  return {
    async create(session) {
      const stored = await sessions.create(session);
      if (stored) created.push(session);
      return stored;
    },
    listByUser: async (userId) =>
      created.filter(({ principal }) => principal.userId === userId).map(({ sid }) => sid),
  };
}

export const brokenSessions: Faults = {
  suite: sessionStoreConformance,
  faults: {
    'of 50 concurrent sessions with one sid exactly one is stored': {
      'says that a taken sid was free': withSessions((sessions) => ({
        create: async (session) => (await sessions.create(session)) || true,
      })),
    },
    "a session is found by its sid and by its secret's hash, as it was stored": {
      'stores nothing': withSessions(() => ({ create: async () => true })),
      'turns empty arrays into objects': withSessions((sessions) => ({
        create: (session) =>
          sessions.create(JSON.parse(JSON.stringify(session).replaceAll('[]', '{}')) as StoredSession),
      })),
    },
    "a user's sessions are listed, all of them and no one else's": {
      'lists no sessions': withSessions(() => ({ listByUser: async () => [] })),
    },
    'a session vanishes when its sliding end has passed, and its sid is free': {
      'lists sessions for ever': withSessions(listsForEver),
      'finds sessions for ever': withSessions((sessions) => {
        const find = cached((sid) => sessions.find(sid));
        return {
          find,
          create: async (session) =>
            (await sessions.create(session)) && (await find(session.sid)) !== undefined,
        };
      }),
    },
    "an update with another secret's hash is refused and changes nothing": {
      'updates whatever the secret': withSessions((sessions) => ({
        update: async (sid, _hash, changes) =>
          sessions.update(sid, (await sessions.find(sid))?.secretHash ?? '', changes),
      })),
    },
    'of 50 concurrent rotations of one secret exactly one is made': {
      'lets two rotate one secret': withSessions(comparesTooEarly),
    },
    'concurrent updates of different properties are all kept': {
      'loses an update between read and write': withSessions(overwrites),
    },
    'a rotated secret: the sid stays, the new hash finds it, the old one nothing any more': {
      'finds sessions by old secrets': withSessions(findsByOldHashes),
      'keeps the old secret': withSessions((sessions) => ({
        update: (sid, hash, changes) => sessions.update(sid, hash, without(changes, 'secretHash')),
      })),
    },
    'a revoked session is found as before and no longer listed, and never changes again': {
      'cannot revoke': withSessions((sessions) => ({
        update: (sid, hash, changes) => sessions.update(sid, hash, without(changes, 'revokedAt')),
      })),
    },
    "a session that becomes another user's is listed there, and no more where it was": {
      'cannot change whose a session is': withSessions((sessions) => ({
        update: (sid, hash, changes) => sessions.update(sid, hash, without(changes, 'principal')),
      })),
    },
    'an update that moves the end moves the time of vanishing': {
      'cannot prolong': withSessions((sessions) => ({
        update: (sid, hash, changes) => sessions.update(sid, hash, without(changes, 'expiresAt')),
      })),
    },
    'a revoked session stays until its absolute end, and vanishes then': {
      'drops a revoked session at its sliding end': withSessions((sessions) => ({
        async find(sid) {
          const session = await sessions.find(sid);
          return session?.revokedAt !== undefined && session.endsAt > session.expiresAt + 1e6
            ? undefined
            : session;
        },
      })),
    },
    'a ticket is found as it was stored, as often as it is asked for': {
      'loses tickets': withSessions(() => ({ findTicket: async () => undefined })),
      'finds tickets once': withSessions((sessions) => {
        const found = new Set<string>();
        return {
          findTicket: async (hash) =>
            found.has(hash) ? undefined : (found.add(hash), sessions.findTicket(hash)),
        };
      }),
    },
    'a resume token is good until its successor is used, and a replay from then on': {
      'takes resume tokens once': withSessions(takesTokensOnce),
      'sees no replay': withSessions((sessions) => ({
        async resume(...use) {
          const resumed = await sessions.resume(...use);
          return resumed && { ...resumed, isReplay: false };
        },
      })),
    },
    'of 50 concurrent uses of two successors of one resume token exactly one successor is good': {
      'lets both successors be used': withSessions((sessions) => ({
        async resume(...use) {
          const resumed = await sessions.resume(...use);
          return resumed && { ...resumed, isReplay: false };
        },
      })),
    },
    'of the successors of one resume token the latest 8 are good': {
      'keeps one successor': withSessions((sessions) => {
        const latest = new Map<string, string>();
        return {
          async resume(chain, token, successor, expiresAt) {
            const isOld = token !== 't1' && latest.get(chain) !== token;
            latest.set(chain, successor);
            const resumed = await sessions.resume(chain, token, successor, expiresAt);
            return resumed && { ...resumed, isReplay: resumed.isReplay || isOld };
          },
        };
      }),
    },
    'a chain of resume tokens vanishes at its end, which a use and the holder of the latest token move': {
      'moves the end for anybody': withSessions((sessions) => ({
        moveResumption: async (chain, _token, expiresAt) => sessions.moveResumption(chain, 't1', expiresAt),
      })),
      'never moves the end': withSessions(() => ({ moveResumption: async () => undefined })),
    },
    'a ticket vanishes when its time has passed': {
      'keeps tickets for ever': withSessions((sessions) => ({
        putTicket: (hash, ticket) =>
          sessions.putTicket(hash, { ...ticket, expiresAt: ticket.expiresAt + 1e9 }),
        async findTicket(hash): Promise<StoredTicket | undefined> {
          const ticket = await sessions.findTicket(hash);
          return ticket && { ...ticket, expiresAt: ticket.expiresAt - 1e9 };
        },
      })),
    },
  },
};
