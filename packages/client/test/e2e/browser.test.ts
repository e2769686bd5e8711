import { waitFor } from '@nestwire/harness';
import { NoUpgrades } from '../support/no-upgrades.js';
import { Site, type Tab } from './site.js';

let site: Site;
let nextItem = 1;

beforeAll(async () => {
  site = await Site.start();
}, 60_000);

afterEach(async () => {
  await site.proxy.accept();
  await site.closeTabs();
});

afterAll(() => site[Symbol.asyncDispose]());

/** Publishes so many items, and answers which. */
async function publish(count: number): Promise<number[]> {
  const items = Array.from({ length: count }, () => nextItem++);
  await site.publish(...items);
  return items;
}

async function connected(tab: Tab): Promise<void> {
  await waitFor(
    async () => {
      const { status, note } = await tab.look();
      return status === 'connected' && note !== undefined;
    },
    { what: 'the page to be connected', timeoutMs: 10_000 },
  );
}

/** Waits until the tab has heard as much, and says exactly what. */
async function heardBy(tab: Tab, count: number): Promise<readonly number[]> {
  await waitFor(async () => (await tab.look()).heard.length >= count, {
    what: `${count} items`,
    timeoutMs: 10_000,
  });
  return (await tab.look()).heard;
}

it('goes through a cut network: what was missed comes once, in order', async () => {
  const tab = await site.open();
  await connected(tab);
  const before = await publish(3);
  expect(await heardBy(tab, 3)).toEqual(before);

  await site.proxy.refuse();
  site.proxy.cut();
  await waitFor(async () => (await tab.look()).status === 'connecting');
  const during = await publish(5);
  await site.proxy.accept();

  expect(await heardBy(tab, 8)).toEqual([...before, ...during]);
  const { reason, notices } = await tab.look();
  expect({ reason, notices }).toEqual({ reason: 'resumed', notices: ['recovered'] });
});

it('notices a network that says nothing any more, and comes back', async () => {
  const tab = await site.open();
  await connected(tab);
  site.proxy.hold();
  const during = await publish(2);
  await waitFor(async () => (await tab.look()).states.includes('connecting: heartbeat_missed'));
  site.proxy.cut();
  site.proxy.release();
  expect(await heardBy(tab, 2)).toEqual(during);
});

it('goes through a killed server, of which another takes the place', async () => {
  const tab = await site.open();
  await connected(tab);
  const before = await publish(2);
  await heardBy(tab, 2);
  await site.killServer();
  await waitFor(async () => (await tab.look()).status === 'connecting');
  const claimed = tab.claim('7');
  await site.startServer();
  expect(await claimed).toBe('7 is yours');
  const after = await publish(2);
  expect(await heardBy(tab, 4)).toEqual([...before, ...after]);
  expect((await tab.look()).notices).toEqual(['recovered']);
});

it('takes SSE where a proxy refuses upgrades, with all that WebSocket has', async () => {
  await using proxy = await NoUpgrades.start(site.directUrl);
  const tab = await site.open({ origin: proxy.url });
  await connected(tab);
  expect(proxy.refused).toBeGreaterThan(0);
  expect((await tab.look()).transport).toBe('sse');
  const items = await publish(3);
  expect(await heardBy(tab, 3)).toEqual(items);
  expect(await tab.claim('8')).toBe('8 is yours');
  expect(await tab.write({ text: 'over SSE' })).toBe('done');
});

it('shows a change at once, and takes it back when the server refuses it', async () => {
  const tab = await site.open();
  await connected(tab);
  expect(await tab.write({ text: 'kept' })).toBe('done');
  site.proxy.hold('requests');
  const refused = tab.write({ locked: true });
  await waitFor(async () => (await tab.look()).note?.['locked'] === true);
  site.proxy.release();
  expect(await refused).toBe('forbidden');
  expect((await tab.look()).note).toEqual({ text: 'kept' });
});

describe('two tabs', () => {
  async function openTwo(visit: Parameters<Site['open']>[0] = {}): Promise<[Tab, Tab]> {
    const leader = await site.open(visit);
    await connected(leader);
    const other = await site.open({ ...visit, beside: leader });
    await connected(other);
    return [leader, other];
  }

  it('share one connection, hear the same, and see what the other changes', async () => {
    const [one, other] = await openTwo();
    const items = await publish(3);
    expect(await heardBy(one, 3)).toEqual(items);
    expect(await heardBy(other, 3)).toEqual(items);
    expect(await one.write({ text: 'from one' })).toBe('done');
    await waitFor(async () => (await other.look()).note?.['text'] === 'from one');
    expect(await other.write({ text: 'from the other' })).toBe('done');
    await waitFor(async () => (await one.look()).note?.['text'] === 'from the other');
    expect([one.sockets, other.sockets]).toEqual([1, 0]);
  });

  it('go on when the one that had the connection dies: nothing is lost, or heard twice', async () => {
    const [leader, other] = await openTwo();
    const before = await publish(3);
    await heardBy(other, 3);
    const [during] = await Promise.all([publish(20), leader.page.close()]);
    const after = await publish(3);
    expect(await heardBy(other, 26)).toEqual([...before, ...during, ...after]);
    expect(await other.claim('9')).toBe('9 is yours');
    expect(other.sockets).toBe(1);
    const { reason, notices } = await other.look();
    expect({ reason, notices }).toEqual({ reason: 'resumed', notices: ['recovered'] });
  });

  it('come back together from a cut network, each where it was', async () => {
    const [leader, other] = await openTwo();
    const before = await publish(2);
    await Promise.all([heardBy(leader, 2), heardBy(other, 2)]);
    await site.proxy.refuse();
    site.proxy.cut();
    await waitFor(async () => (await other.look()).status === 'connecting');
    const during = await publish(4);
    await site.proxy.accept();
    expect(await heardBy(leader, 6)).toEqual([...before, ...during]);
    expect(await heardBy(other, 6)).toEqual([...before, ...during]);
    expect(other.sockets).toBe(0);
  });

  it('lead in turn when the leader hangs', async () => {
    const [leader, other] = await openTwo();
    // As a debugger does: the page holds its locks, and does nothing.
    const session = await leader.page.context().newCDPSession(leader.page);
    await session.send('Debugger.enable');
    await session.send('Debugger.pause');
    void leader.look().catch(() => undefined);
    const items = await publish(2);
    expect(await heardBy(other, 2)).toEqual(items);
    await session.send('Debugger.resume');
    expect(await heardBy(leader, 2)).toEqual(items);
  });

  it('of different users share nothing', async () => {
    const ann = await site.open({ user: 'ann' });
    await connected(ann);
    const bob = await site.open({ user: 'bob', beside: ann });
    await connected(bob);
    expect([ann.sockets, bob.sockets]).toEqual([1, 1]);
    await site.tell('ann', 1);
    await site.tell('bob', 2);
    await waitFor(async () => (await ann.look()).told.length + (await bob.look()).told.length === 2);
    expect([(await ann.look()).told, (await bob.look()).told]).toEqual([[1], [2]]);
  });

  it('hear what is for their user alone, when another has led from then on too', async () => {
    const [leader, other] = await openTwo({ user: 'ann' });
    await site.tell('ann', 1, 2);
    await waitFor(async () => (await other.look()).told.length === 2);
    await Promise.all([site.tell('ann', 3, 4, 5), leader.page.close()]);
    await site.tell('ann', 6);
    await waitFor(async () => (await other.look()).told.length === 6);
    expect((await other.look()).told).toEqual([1, 2, 3, 4, 5, 6]);
    expect(other.sockets).toBe(1);
  });

  it('have a command run once whose answer was lost with the leader', async () => {
    const [leader, other] = await openTwo({ user: 'ann' });
    site.proxy.hold('replies');
    const claimed = other.claim('once');
    await waitFor(async () => (await site.claims()).includes('once'));
    await leader.page.close();
    site.proxy.cut();
    site.proxy.release();
    expect(await claimed).toBe('once is yours');
    expect((await site.claims()).filter((id) => id === 'once')).toHaveLength(1);
  });

  it('share one stream where a proxy refuses upgrades, and go on when its leader dies', async () => {
    await using proxy = await NoUpgrades.start(site.directUrl);
    const [leader, other] = await openTwo({ origin: proxy.url, user: 'ann' });
    const before = await publish(3);
    expect(await heardBy(leader, 3)).toEqual(before);
    expect(await heardBy(other, 3)).toEqual(before);
    expect([(await other.look()).transport, other.streams]).toEqual(['sse', 0]);
    const [during] = await Promise.all([publish(5), leader.page.close()]);
    expect(await heardBy(other, 8)).toEqual([...before, ...during]);
    expect(await other.claim('10')).toBe('10 is yours');
  });

  it('send what each keeps by itself, and what is left by one that has gone', async () => {
    const queue = 'kept';
    const one = await site.open({ queue });
    await connected(one);
    await one.claimLater('kept');
    const other = await site.open({ queue, beside: one });
    await connected(other);
    expect(await other.claim('at once')).toBe('at once is yours');
    expect(await site.claims()).not.toContain('kept');
    await one.page.close();
    await site.open({ queue, beside: other });
    await waitFor(async () => (await site.claims()).includes('kept'));
    await waitFor(async () => (await other.page.evaluate('stored()')) === 0);
    expect((await site.claims()).filter((id) => id === 'kept')).toHaveLength(1);
  });

  it.each(['locks', 'BroadcastChannel'])(
    'have connections of their own where the browser keeps %s from them',
    async (what) => {
      const script = {
        locks: `LockManager.prototype.request = async () => { throw new DOMException('no', 'SecurityError'); };`,
        BroadcastChannel: `BroadcastChannel = class { constructor() { throw new DOMException('no', 'SecurityError'); } };`,
      }[what];
      const [one, other] = await openTwo({ script });
      const items = await publish(2);
      expect(await heardBy(one, 2)).toEqual(items);
      expect(await heardBy(other, 2)).toEqual(items);
      expect([one.sockets, other.sockets]).toEqual([1, 1]);
    },
  );
});
