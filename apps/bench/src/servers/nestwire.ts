import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ChannelPolicy,
  RealtimeBroadcaster,
  RealtimeChannel,
  RealtimeModule,
  RealtimeSessions,
} from '@nestwire/realtime';
import { redisBackend } from '@nestwire/redis';
import type { AddressInfo } from 'node:net';
import type { Contender } from './contender.js';

@RealtimeChannel('bench:{name}')
class BenchChannel implements ChannelPolicy {
  canSubscribe(): boolean {
    return true;
  }
}

/** Nestwire, both transports; everything at its default. */
export async function startNestwire(redisUrl: string): Promise<Contender> {
  @Module({
    imports: [
      RealtimeModule.forRoot({ backend: redisBackend({ url: redisUrl }) }),
      RealtimeModule.forFeature([BenchChannel]),
    ],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
  const realtime = app.get(RealtimeBroadcaster);
  const sessions = app.get(RealtimeSessions);
  return {
    async listen() {
      await app.listen(0, '127.0.0.1');
      return (app.getHttpServer().address() as AddressInfo).port;
    },
    publish: (channel, message) => realtime.publish(channel, 'message', message),
    operations: {
      /** Secrets of sessions with a user and two roles each. */
      sessions: async (count: number) => {
        const created = Array.from({ length: count }, (_, index) =>
          sessions.create({ principal: { userId: `user-${index}`, roles: ['staff', 'eu'], claims: {} } }),
        );
        return (await Promise.all(created)).map(({ secret }) => secret);
      },
    },
  };
}
