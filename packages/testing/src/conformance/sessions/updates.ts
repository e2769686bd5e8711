import assert from 'node:assert/strict';
import type { ConformanceCase } from '../conformance.js';
import { range } from '../event-log/support.js';
import { aPrincipal, aSession } from './support.js';

/** How sessions change. */
export const updateCases: readonly ConformanceCase[] = [
  {
    name: 'an update changes what it names and nothing else',
    async run(context) {
      const session = aSession(context, { data: { kept: [] } });
      await context.backend.sessions.create(session);
      const changes = { lastSeenAt: session.lastSeenAt + 1_000, expiresAt: session.expiresAt + 1_000 };
      assert.equal(await context.backend.sessions.update(session.sid, session.secretHash, changes), true);
      assert.deepEqual(await context.peer.sessions.find(session.sid), { ...session, ...changes });
    },
  },
  {
    name: "an update with another secret's hash is refused and changes nothing",
    async run(context) {
      const session = aSession(context);
      const { sessions } = context.backend;
      await sessions.create(session);
      const changes = { data: { stolen: true }, secretHash: context.uniqueName() };
      assert.equal(await sessions.update(session.sid, context.uniqueName(), changes), false);
      assert.equal(await sessions.update(context.uniqueName(), session.secretHash, changes), false);
      assert.deepEqual(await sessions.find(session.sid), session);
      assert.equal(await sessions.findBySecretHash(changes.secretHash), undefined);
    },
  },
  {
    name: 'a rotated secret: the sid stays, the new hash finds it, the old one nothing any more',
    async run(context) {
      const session = aSession(context);
      const secretHash = context.uniqueName();
      await context.backend.sessions.create(session);
      assert.equal(
        await context.backend.sessions.update(session.sid, session.secretHash, { secretHash }),
        true,
      );
      assert.deepEqual(await context.peer.sessions.findBySecretHash(secretHash), { ...session, secretHash });
      assert.equal(await context.peer.sessions.findBySecretHash(session.secretHash), undefined);
      assert.deepEqual(await context.peer.sessions.listByUser(session.principal.userId!), [session.sid]);
    },
  },
  {
    name: 'of 50 concurrent rotations of one secret exactly one is made',
    async run(context) {
      const session = aSession(context);
      await context.backend.sessions.create(session);
      const hashes = range(1, 50).map(() => context.uniqueName());
      const made = await Promise.all(
        hashes.map((secretHash, index) =>
          (index % 2 === 0 ? context.backend : context.peer).sessions.update(
            session.sid,
            session.secretHash,
            {
              secretHash,
            },
          ),
        ),
      );
      assert.equal(made.filter(Boolean).length, 1);
      for (const [index, hash] of hashes.entries()) {
        const found = await context.backend.sessions.findBySecretHash(hash);
        assert.equal(found?.sid, made[index] ? session.sid : undefined);
      }
    },
  },
  {
    name: 'concurrent updates of different properties are all kept',
    async run(context) {
      const session = aSession(context);
      await context.backend.sessions.create(session);
      const changes = [
        { data: { a: 1 } },
        { lastSeenAt: session.lastSeenAt + 5_000 },
        { expiresAt: session.expiresAt + 5_000 },
        { principal: { ...session.principal, roles: ['staff', 'lead'] } },
      ];
      const made = await Promise.all(
        changes.map((each, index) =>
          (index % 2 === 0 ? context.backend : context.peer).sessions.update(
            session.sid,
            session.secretHash,
            each,
          ),
        ),
      );
      assert.deepEqual(made, [true, true, true, true]);
      assert.deepEqual(
        await context.backend.sessions.find(session.sid),
        Object.assign({}, session, ...changes),
      );
    },
  },
  {
    name: "a session that becomes another user's is listed there, and no more where it was",
    async run(context) {
      const session = aSession(context, { principal: aPrincipal() });
      const { sessions } = context.backend;
      const [first, second] = [context.uniqueName(), context.uniqueName()];
      await sessions.create(session);
      await sessions.update(session.sid, session.secretHash, { principal: aPrincipal(first) });
      assert.deepEqual(await sessions.listByUser(first), [session.sid]);
      await sessions.update(session.sid, session.secretHash, { principal: aPrincipal(second) });
      assert.deepEqual(await sessions.listByUser(first), []);
      assert.deepEqual(await sessions.listByUser(second), [session.sid]);
    },
  },
  {
    name: 'a revoked session is found as before and no longer listed, and never changes again',
    async run(context) {
      const session = aSession(context);
      const { sessions } = context.backend;
      const revokedAt = context.now();
      await sessions.create(session);
      assert.equal(await sessions.update(session.sid, session.secretHash, { revokedAt }), true);
      for (const changes of [
        { lastSeenAt: revokedAt + 1 },
        { revokedAt: revokedAt + 1 },
        { secretHash: 'other' },
      ]) {
        assert.equal(await context.peer.sessions.update(session.sid, session.secretHash, changes), false);
      }
      assert.equal(await sessions.create(aSession(context, { sid: session.sid })), false);
      assert.deepEqual(await context.peer.sessions.find(session.sid), { ...session, revokedAt });
      assert.deepEqual(await sessions.findBySecretHash(session.secretHash), { ...session, revokedAt });
      assert.deepEqual(await context.peer.sessions.listByUser(session.principal.userId!), []);
    },
  },
  {
    name: 'a revoked session stays until its absolute end, and vanishes then',
    async run(context) {
      const time = context.now();
      const stays = aSession(context, { expiresAt: time + 300, endsAt: time + 3_600_000 });
      const vanishes = aSession(context, { expiresAt: time + 300, endsAt: time + 300 });
      const { sessions } = context.backend;
      for (const session of [stays, vanishes]) {
        await sessions.create(session);
        await sessions.update(session.sid, session.secretHash, { revokedAt: time });
      }
      await context.elapse(600);
      await context.eventually(async () => assert.equal(await sessions.find(vanishes.sid), undefined));
      assert.equal(await sessions.findBySecretHash(vanishes.secretHash), undefined);
      assert.equal((await context.peer.sessions.find(stays.sid))?.revokedAt, time);
      assert.equal((await context.peer.sessions.findBySecretHash(stays.secretHash))?.sid, stays.sid);
    },
  },
  {
    name: 'an update that moves the end moves the time of vanishing',
    async run(context) {
      const time = context.now();
      const session = aSession(context, { expiresAt: time + 500, endsAt: time + 3_600_000 });
      const { sessions } = context.backend;
      await sessions.create(session);
      const changes = { expiresAt: time + 1_800_000 };
      assert.equal(await sessions.update(session.sid, session.secretHash, changes), true);
      await context.elapse(1_000);
      assert.equal((await context.peer.sessions.find(session.sid))?.expiresAt, changes.expiresAt);
      assert.equal((await sessions.findBySecretHash(session.secretHash))?.sid, session.sid);
      assert.deepEqual(await sessions.listByUser(session.principal.userId!), [session.sid]);
    },
  },
];
