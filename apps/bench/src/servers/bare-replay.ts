import { Redis } from 'ioredis';
import { createServer, type ServerResponse } from 'node:http';
import type { Contender, ContenderOptions } from './contender.js';
import { listenOn } from './listen.js';
import { openPubSub } from './pub-sub.js';

const LOG = 'log';

/**
 * What a stream that recovers costs at the least: events in a Redis stream, read back by XRANGE for whoever comes back, once for each or once
 * for all who ask for the same at the time.
 */
export async function startBareReplay(redisUrl: string, { shared }: ContenderOptions): Promise<Contender> {
  const redis = new Redis(redisUrl);
  const open = new Set<ServerResponse>();
  const reads = new Map<string, Promise<Buffer>>();
  const publish = await openPubSub(redisUrl, (text) => {
    const event = eventText((JSON.parse(text) as { seq: number }).seq, text);
    for (const response of open) response.write(event);
  });

  const read = async (after: string): Promise<Buffer> => {
    const entries = await redis.xrange(LOG, `(${after}-0`, '+');
    return Buffer.from(
      entries.map(([, [, text]]) => eventText(Number(/"seq":(\d+)/.exec(text!)![1]), text!)).join(''),
    );
  };
  const readOnce = (after: string): Promise<Buffer> => {
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
      open.add(response);
      return;
    }
    void (shared ? readOnce(after) : read(after)).then((missed) => {
      response.write(missed);
      open.add(response);
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

function eventText(seq: number, text: string): string {
  return `event: message\ndata: ${text}\nid: ${seq + 1}\n\n`;
}
