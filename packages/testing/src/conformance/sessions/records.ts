import assert from 'node:assert/strict';
import type { ConformanceCase } from '../conformance.js';
import { range } from '../event-log/support.js';
import { aPrincipal, aSession } from './support.js';

/** How sessions are stored and found. */
export const recordCases: readonly ConformanceCase[] = [
  {
    name: "a session is found by its sid and by its secret's hash, as it was stored",
    async run(context) {
      const session = aSession(context, {
        principal: {
          userId: context.uniqueName(),
          roles: ['staff', 'rôle "2"'],
          claims: { list: [], object: {}, big: 9007199254740991, nothing: null, text: 'Grüße 🚀' },
          expiresAt: context.now() + 60_000,
        },
        data: { cart: [], 'a.b': { c: [[]] }, text: '漢字' },
      });
      assert.equal(await context.backend.sessions.create(session), true);
      assert.deepEqual(plain(await context.peer.sessions.find(session.sid)), plain(session));
      assert.deepEqual(
        plain(await context.peer.sessions.findBySecretHash(session.secretHash)),
        plain(session),
      );
    },
  },
  {
    name: "what was never stored is not found, and a sid is not a secret's hash",
    async run(context) {
      const { sessions } = context.backend;
      const session = aSession(context);
      await sessions.create(session);
      assert.equal(await sessions.find(context.uniqueName()), undefined);
      assert.equal(await sessions.find(session.secretHash), undefined);
      assert.equal(await sessions.findBySecretHash(session.sid), undefined);
      assert.equal(await sessions.findBySecretHash(''), undefined);
    },
  },
  {
    name: 'a sid that is taken is refused, and the session that has it stays as it is',
    async run(context) {
      const first = aSession(context);
      const second = aSession(context, { sid: first.sid });
      assert.equal(await context.backend.sessions.create(first), true);
      assert.equal(await context.peer.sessions.create(second), false);
      assert.deepEqual(plain(await context.backend.sessions.find(first.sid)), plain(first));
      assert.equal(await context.backend.sessions.findBySecretHash(second.secretHash), undefined);
      assert.deepEqual(await context.backend.sessions.listByUser(second.principal.userId!), []);
    },
  },
  {
    name: 'of 50 concurrent sessions with one sid exactly one is stored',
    async run(context) {
      const sid = context.uniqueName();
      const candidates = range(1, 50).map(() => aSession(context, { sid }));
      const stored = await Promise.all(
        candidates.map((each, index) =>
          (index % 2 === 0 ? context.backend : context.peer).sessions.create(each),
        ),
      );
      const winners = candidates.filter((_, index) => stored[index]);
      assert.equal(winners.length, 1);
      assert.deepEqual(plain(await context.backend.sessions.find(sid)), plain(winners[0]));
    },
  },
  {
    name: "a user's sessions are listed, all of them and no one else's",
    async run(context) {
      const user = context.uniqueName();
      const own = range(1, 100).map(() => aSession(context, { principal: aPrincipal(user) }));
      const others = [aSession(context), aSession(context, { principal: aPrincipal(`${user}:1`) })];
      const anonymous = aSession(context, { principal: aPrincipal() });
      await Promise.all([...own, ...others, anonymous].map((each) => context.backend.sessions.create(each)));
      const listed = await context.peer.sessions.listByUser(user);
      assert.deepEqual(listed.sort(), own.map(({ sid }) => sid).sort());
      assert.deepEqual(await context.backend.sessions.listByUser(context.uniqueName()), []);
    },
  },
  {
    name: 'what the application does to its own object afterwards does not reach the store',
    async run(context) {
      const data = { cart: ['a'] };
      const session = aSession(context, { data });
      await context.backend.sessions.create(session);
      data.cart.push('b');
      assert.deepEqual((await context.backend.sessions.find(session.sid))?.data, { cart: ['a'] });
    },
  },
  {
    name: 'a session vanishes when its sliding end has passed, and its sid is free',
    async run(context) {
      const session = aSession(context, { expiresAt: context.now() + 300 });
      const { sessions } = context.backend;
      await sessions.create(session);
      await context.elapse(600);
      await context.eventually(async () =>
        assert.equal(await context.peer.sessions.find(session.sid), undefined),
      );
      assert.equal(await sessions.findBySecretHash(session.secretHash), undefined);
      assert.deepEqual(await sessions.listByUser(session.principal.userId!), []);
      const expiresAt = session.endsAt;
      assert.equal(await sessions.update(session.sid, session.secretHash, { expiresAt }), false);
      assert.equal(await sessions.create(aSession(context, { sid: session.sid })), true);
    },
  },
];

/** As JSON sees it: a property that is undefined is none. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
