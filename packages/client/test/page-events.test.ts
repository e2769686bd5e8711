import { waitFor } from '@nestwire/harness';
import { World } from './support/world.js';

/** What a browser tells its pages, in a runtime that says none of it. */
class Page implements Disposable {
  private readonly window = new EventTarget();
  private readonly document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  private readonly navigator = { onLine: true };
  private readonly before = new Map<string, PropertyDescriptor | undefined>();

  constructor() {
    const { window, document, navigator } = this;
    this.define('document', document);
    this.define('navigator', navigator);
    this.define('addEventListener', window.addEventListener.bind(window));
    this.define('removeEventListener', window.removeEventListener.bind(window));
  }

  online(onLine: boolean): void {
    this.navigator.onLine = onLine;
    this.window.dispatchEvent(new Event(onLine ? 'online' : 'offline'));
  }

  show(visibilityState: 'visible' | 'hidden'): void {
    this.document.visibilityState = visibilityState;
    this.document.dispatchEvent(new Event('visibilitychange'));
  }

  private define(name: string, value: unknown): void {
    this.before.set(name, Object.getOwnPropertyDescriptor(globalThis, name));
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }

  [Symbol.dispose](): void {
    for (const [name, descriptor] of this.before) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
    }
  }
}

describe.each(['websocket', 'sse'] as const)('a client in a page, over %s', (transport) => {
  let world: World;
  let page: Page;

  beforeAll(async () => {
    world = await World.start();
  });

  beforeEach(() => {
    page = new Page();
  });

  afterEach(async () => {
    await world.closeClients();
    await world.proxy.accept();
    page[Symbol.dispose]();
  });

  afterAll(() => world[Symbol.asyncDispose]());

  it('makes no attempt while there is no network, and comes back with it: what was missed comes once', async () => {
    const client = await world.following({ transport });
    const heard: unknown[] = [];
    client.channel('open:any').on('said', (data) => heard.push(data));
    page.online(false);
    expect(client.connection.value).toMatchObject({ status: 'disconnected', reason: 'offline' });
    client.connect();
    page.show('visible');
    expect(client.connection.value).toMatchObject({ status: 'disconnected', reason: 'offline' });
    await world.realtime.publish('open:any', 'said', 'missed');
    page.online(true);
    expect(client.connection.value.status).toBe('connecting');
    await waitFor(() => heard.length > 0);
    expect({ heard, reason: client.connection.value.reason }).toEqual({
      heard: ['missed'],
      reason: 'resumed',
    });
  });

  it.each([
    ['comes into sight', () => page.show('visible')],
    ['is told of a network', () => page.online(true)],
  ])('that waits for its next attempt makes it at once when the page %s', async (_, wake) => {
    const client = await world.following({ transport, retryBaseMs: 600_000, retryMaxMs: 600_000 });
    await world.proxy.refuse();
    world.proxy.cut();
    await waitFor(() => client.connection.value.retryAt !== undefined);
    page.show('hidden');
    await world.proxy.accept();
    expect(client.connection.value.status).toBe('connecting');
    wake();
    await waitFor(() => client.connection.value.status === 'connected');
  });

  it('that looks open asks at once when the page comes into sight', async () => {
    const client = await world.following({ transport, heartbeatMs: 600_000, heartbeatTimeoutMs: 200 });
    const reasons: string[] = [];
    client.connection.subscribe(({ reason }) => reasons.push(reason));
    world.proxy.hold();
    page.show('hidden');
    page.show('visible');
    await waitFor(() => reasons.includes('heartbeat_missed'));
    world.proxy.cut();
    world.proxy.release();
    // The server has said when to come back: after up to five seconds.
    await waitFor(() => client.connection.value.status === 'connected', { timeoutMs: 15_000 });
    expect(client.connection.value.reason).toBe('resumed');
  });

  it('hears nothing of the page once it is closed', async () => {
    const client = await world.following({ transport });
    await client.close();
    page.online(false);
    page.online(true);
    page.show('visible');
    expect(client.connection.value).toMatchObject({ status: 'disconnected', reason: 'disconnected' });
  });
});
