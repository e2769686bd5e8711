import { createChannel, createSession } from 'better-sse';
import { createServer } from 'node:http';
import type { Contender } from './contender.js';
import { listenOn } from './listen.js';
import { openPubSub } from './pub-sub.js';

/** A channel of better-sse, fed from Redis. */
export async function startBetterSse(redisUrl: string): Promise<Contender> {
  const channel = createChannel();
  const publish = await openPubSub(redisUrl, (text) => channel.broadcast(JSON.parse(text), 'message'));
  const http = createServer((request, response) => {
    void createSession(request, response).then((session) => channel.register(session));
  });
  return { listen: () => listenOn(http), publish };
}
