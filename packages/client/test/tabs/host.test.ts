import type { Connector, Traffic } from '../../src/connection/connector.js';
import { idleState } from '../../src/connection/connector.js';
import { Host } from '../../src/tabs/host.js';
import type { ToHost, ToMember } from '../../src/tabs/messages.js';
import type { TabPlatform } from '../../src/tabs/platform.js';
import type { Link } from '../../src/transports/link.js';

/** The tabs of a group in one process: ports by name, and a lock for each tab that lives. */
class Tabs implements TabPlatform {
  readonly posted = new Map<string, ToMember[]>();
  private readonly listeners = new Map<string, (message: unknown) => void>();
  private readonly locks = new Map<string, () => void>();

  async lock(name: string, _options: object, hold: () => Promise<void>): Promise<void> {
    await new Promise<void>((resolve) => this.locks.set(name, resolve));
    await hold();
  }

  open(name: string, onMessage?: (message: unknown) => void) {
    if (onMessage !== undefined) this.listeners.set(name, onMessage);
    return {
      post: (message: unknown) => this.to(name).push(message as ToMember),
      close: () => void this.listeners.delete(name),
    };
  }

  to(name: string): ToMember[] {
    const messages = this.posted.get(name) ?? [];
    this.posted.set(name, messages);
    return messages;
  }

  say(message: ToHost): void {
    this.listeners.get('group:host')!(message);
  }

  /** The tab's own lock is free: it has died. */
  die(tab: string): void {
    this.locks.get(`group:${tab}`)!();
  }
}

/** A leader whose connection the test plays. */
function lead() {
  const tabs = new Tabs();
  let traffic: Traffic | undefined;
  const link = {
    transport: 'websocket',
    scope: 'sid',
    followed: [],
    follow: () => undefined,
    startAnew: () => undefined,
  } as unknown as Link;
  const connector = {
    state: idleState(),
    link,
    connect: () => undefined,
    follow: () => undefined,
    disconnect: () => undefined,
  } as unknown as Connector;
  const own = { positions: {}, prepare: async () => undefined, onExpiring: () => undefined };
  const host = new Host('group', tabs, (its) => ((traffic = its), connector), own);
  const join = (from: string) => {
    tabs.say({ from, type: 'join', positions: {} });
    tabs.say({ from, to: host.id, type: 'follow', wanted: [['open:a', undefined]] });
  };
  const publish = (from: number, to: number) => {
    for (let o = from; o <= to; o += 1)
      traffic!.onEvents([{ c: 'open:a', o, t: 0, d: null }], { 'open:a': String(o) });
  };
  return { tabs, host, traffic: traffic!, join, publish };
}

const offsets = (messages: readonly ToMember[]) =>
  messages.flatMap((message) => (message.type === 'events' ? message.envelopes.map(({ o }) => o) : []));

it('leaves a tab out that reads nothing, and tells it so when it wakes; the others go on', () => {
  const { tabs, host, traffic, join, publish } = lead();
  join('awake');
  join('frozen');
  traffic.onStart('open:a', { position: '0', replay: 0 });
  for (let batch = 0; batch < 12; batch += 1) {
    publish(batch * 1_000 + 1, batch * 1_000 + 1_000);
    tabs.say({ from: 'awake', to: host.id, type: 'ack', weight: 2_000 });
  }
  expect(offsets(tabs.to('group:awake'))).toHaveLength(12_000);
  // Each is an event and a message: what a tab that does not read holds is bounded.
  expect(offsets(tabs.to('group:frozen')).length).toBeLessThanOrEqual(5_000);
  tabs.say({ from: 'frozen', to: host.id, type: 'ack', weight: 100 });
  expect(tabs.to('group:frozen').at(-1)).toEqual({ host: host.id, type: 'gone' });
});

it('follows a channel no longer than a tab that wants it lives', async () => {
  const { tabs, traffic, join } = lead();
  join('only');
  expect([...traffic.wanted()]).toEqual(['open:a']);
  tabs.die('only');
  await new Promise((resolve) => setImmediate(resolve));
  expect([...traffic.wanted()]).toEqual([]);
});

it('hears nothing that was meant for the leader before', () => {
  const { tabs, traffic } = lead();
  tabs.say({ from: 'one', type: 'join', positions: {} });
  tabs.say({ from: 'one', to: 'another', type: 'follow', wanted: [['open:b', undefined]] });
  expect([...traffic.wanted()]).toEqual([]);
});
