import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Server, type ServerOptions } from 'socket.io';
import type { Contender, ContenderOptions } from './contender.js';
import { listenOn } from './listen.js';

/** Socket.IO with one of its adapters for Redis; a channel is a room. */
export async function startSocketIo(redisUrl: string, { adapter }: ContenderOptions): Promise<Contender> {
  const http = createServer();
  const io = new Server(http, await optionsOf(redisUrl, adapter));
  io.on('connection', (socket) => {
    socket.on('join', async (room: string, acknowledge: () => void) => {
      await socket.join(room);
      acknowledge();
    });
  });
  return {
    listen: () => listenOn(http),
    publish: (channel, message) => io.to(channel).emit('message', message),
  };
}

async function optionsOf(url: string, adapter: ContenderOptions['adapter']): Promise<Partial<ServerOptions>> {
  // The adapters throw where they are made before their clients are ready.
  const clients = [new Redis(url), new Redis(url)] as const;
  for (const client of clients) client.on('error', () => {});
  await Promise.all(clients.map((client) => once(client, 'ready')));
  if (adapter === 'classic') return { adapter: createAdapter(...clients) };
  if (adapter === 'sharded') return { adapter: createShardedAdapter(...clients) };
  return {
    adapter: createStreamsAdapter(clients[0]),
    connectionStateRecovery: { maxDisconnectionDuration: 2 * 60_000, skipMiddlewares: true },
  };
}
