import { launchBrowser, waitFor } from '@nestwire/harness';
import { EventSource } from 'eventsource';
import { io } from 'socket.io-client';

/** A client with nothing of ours, that comes back as such clients do. */
export interface Listener {
  readonly name: string;
  /** Offsets of the events in the order in which they came. */
  offsets(): Promise<readonly number[]>;
  /** How often it was let in. */
  opened(): Promise<number>;
  /** It will not come back by itself. */
  hasGivenUp(): Promise<boolean>;
  close(): Promise<unknown>;
}

/** The npm package, which does as the specification says. */
export function openEventSource(url: string, name: string): Listener {
  const source = new EventSource(`${url}/realtime/sse?channels=news`);
  const offsets: number[] = [];
  let opened = 0;
  source.addEventListener('open', () => (opened += 1));
  source.addEventListener('news', ({ data }) =>
    offsets.push((JSON.parse(data as string) as { o: number }).o),
  );
  return {
    name,
    offsets: async () => offsets,
    opened: async () => opened,
    hasGivenUp: async () => source.readyState === source.CLOSED,
    close: async () => source.close(),
  };
}

/** Subscribes whenever it is connected, with the position that it had. */
export function openSocketIo(url: string, name: string, transports = ['websocket']): Listener {
  const socket = io(`${url}/realtime`, {
    transports,
    reconnectionDelayMax: 1_000,
    forceNew: true,
  });
  const offsets: number[] = [];
  let opened = 0;
  let position: string | undefined;
  socket.on('events', (envelopes: { o: number }[], positions: Record<string, string>) => {
    offsets.push(...envelopes.map(({ o }) => o));
    position = positions['news'] ?? position;
  });
  socket.on('connect', async () => {
    const request = { channel: 'news', ...(position === undefined ? {} : { position }) };
    const { data } = (await socket.emitWithAck('subscribe', request)) as { data: { position: string } };
    position ??= data.position;
    opened += 1;
  });
  return {
    name,
    offsets: async () => offsets,
    opened: async () => opened,
    hasGivenUp: async () => !socket.active,
    close: async () => socket.disconnect(),
  };
}

/** A page in Chromium. */
export async function openPage(url: string, name: string): Promise<Listener> {
  const browser = await launchBrowser();
  const page = await browser.newPage();
  await page.goto(`${url}/page`);
  return {
    name,
    offsets: () => page.evaluate<number[]>('offsets'),
    opened: () => page.evaluate<number>('opened'),
    hasGivenUp: () => page.evaluate<boolean>('source.readyState === EventSource.CLOSED'),
    close: () => browser.close(),
  };
}

/** Waits until all of them have heard everything up to the offset. */
export function heardUpTo(listeners: readonly Listener[], offset: number): Promise<unknown> {
  return waitFor(
    async () => {
      const last = await Promise.all(listeners.map(async (listener) => (await listener.offsets()).at(-1)));
      return last.every((at) => at === offset);
    },
    { what: `all to be at ${offset}`, timeoutMs: 20_000, intervalMs: 50 },
  );
}
