import { Redis } from 'ioredis';
import { createServer, type ServerResponse } from 'node:http';
import type { Contender, ContenderOptions } from './contender.js';
import { listenOn } from './listen.js';
import { openPubSub } from './pub-sub.js';

const LOG = 'log';
/** Events that came live and may be later than what is being read. */
const MAX_RECENT = 1_000;

/** The text of events, and the number of the last. */
interface Events {
  readonly seq: number;
  readonly text: Buffer;
}

/**
 * What a stream that recovers costs at the least: events in a Redis stream, read back by XRANGE for whoever comes back, once for each or once
 * for all who ask for the same at the time. What comes live meanwhile is sent after what was read.
 */
export async function startBareReplay(redisUrl: string, { shared }: ContenderOptions): Promise<Contender> {
  const redis = new Redis(redisUrl);
  /** Each with the number of the last event that it has read back. */
  const open = new Map<ServerResponse, number>();
  const recent: Events[] = [];
  const reads = new Map<string, Promise<Events>>();
  const publish = await openPubSub(redisUrl, (text) => {
    const { seq } = JSON.parse(text) as { seq: number };
    const event = eventText(seq, text);
    if (recent.push({ seq, text: Buffer.from(event) }) > MAX_RECENT) recent.shift();
    for (const [response, last] of open) if (seq > last) response.write(event);
  });

  const read = async (after: string): Promise<Events> => {
    const entries = await redis.xrange(LOG, `(${after}-0`, '+');
    const texts = entries.map(([id, [, text]]) => eventText(seqOf(id), text!));
    return { seq: seqOf(entries.at(-1)?.[0] ?? after), text: Buffer.from(texts.join('')) };
  };
  const readOnce = (after: string): Promise<Events> => {
    const under = reads.get(after) ?? read(after).finally(() => reads.delete(after));
    reads.set(after, under);
    return under;
  };

  const http = createServer((request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    response.flushHeaders();
    response.once('close', () => open.delete(response));
    const after = request.headers['last-event-id'];
    if (typeof after !== 'string') {
      open.set(response, -1);
      return;
    }
    void (shared ? readOnce(after) : read(after)).then((missed) => {
      response.write(missed.text);
      for (const { seq, text } of recent) if (seq > missed.seq) response.write(text);
      open.set(response, missed.seq);
    });
  });
  return {
    listen: () => listenOn(http),
    async publish(channel, message) {
      await redis.xadd(LOG, `${message.seq + 1}-0`, 'd', JSON.stringify(message));
      await publish(channel, message);
    },
  };
}

/** An event's id is its number and one, for 0 is no id in Redis. */
function seqOf(id: string): number {
  return Number.parseInt(id) - 1;
}

function eventText(seq: number, text: string): string {
  return `event: message\ndata: ${text}\nid: ${seq + 1}\n\n`;
}
