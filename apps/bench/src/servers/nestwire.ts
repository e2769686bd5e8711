import 'reflect-metadata';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ChannelPolicy,
  RealtimeBroadcaster,
  RealtimeChannel,
  RealtimeModule,
  RealtimeSessions,
} from '@nestwire/realtime';
import { redisBackend } from '@nestwire/redis';
import type { Contender, ContenderOptions } from './contender.js';
import { listenAs } from './listen.js';

@RealtimeChannel('bench:{name}')
class BenchChannel implements ChannelPolicy {
  canSubscribe(): boolean {
    return true;
  }
}

/** Nestwire, both transports; everything at its default. */
export async function startNestwire(redisUrl: string): Promise<Contender> {
  const app = await createApp(redisUrl);
  const realtime = app.get(RealtimeBroadcaster);
  const sessions = app.get(RealtimeSessions);
  let users = 0;
  return {
    listen: () => listenAs(app),
    publish: (channel, message) => realtime.publish(channel, 'message', message),
    operations: {
      /** Secrets of sessions with two roles and a user each, whom no session had before. */
      sessions: async (count: number) => {
        const created = Array.from({ length: count }, () =>
          sessions.create({ principal: { userId: `user-${users++}`, roles: ['staff', 'eu'], claims: {} } }),
        );
        return (await Promise.all(created)).map(({ secret }) => secret);
      },
    },
  };
}

/**
 * Many nodes in one process, as far as Redis can tell: each has an application, connections and a port of its own. The first publishes.
 */
export async function startNestwireNodes(
  redisUrl: string,
  { nodes = 1 }: ContenderOptions,
): Promise<Contender> {
  const apps: INestApplication[] = [];
  for (let i = 0; i < nodes; i += 1) apps.push(await createApp(redisUrl));
  const ports: number[] = [];
  const realtime = apps[0]!.get(RealtimeBroadcaster);
  return {
    async listen() {
      for (const app of apps) ports.push(await listenAs(app));
      return ports[0]!;
    },
    publish: (channel, message) => realtime.publish(channel, 'message', message),
    operations: { ports: () => ports },
  };
}

/** A Redis Cluster is written as its ports, `cluster:7000,7001`. */
function createApp(redisUrl: string): Promise<INestApplication> {
  const ports = redisUrl.startsWith('cluster:') ? redisUrl.slice('cluster:'.length).split(',') : undefined;
  const backend =
    ports === undefined
      ? redisBackend({ url: redisUrl })
      : redisBackend({ cluster: ports.map((port) => ({ host: '127.0.0.1', port: Number(port) })) });

  @Module({ imports: [RealtimeModule.forRoot({ backend }), RealtimeModule.forFeature([BenchChannel])] })
  class AppModule {}

  return NestFactory.create(AppModule, { logger: ['warn', 'error'] });
}
