// One node of a fault test, in a process of its own; its only argument is its settings.
import 'reflect-metadata';
import { Body, Controller, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import {
  type ChannelPolicy,
  type PublishOutcome,
  type PublishRequest,
  RealtimeBroadcaster,
  RealtimeChannel,
  RealtimeError,
  RealtimeModule,
} from '@nestwire/realtime';
import { redisBackend } from '@nestwire/redis';
import { bent } from './bends.js';
import type { NodeSettings } from './node-settings.js';

const settings = JSON.parse(process.argv[2]!) as NodeSettings;

@RealtimeChannel('log:{name}', { history: settings.history })
class LogChannel implements ChannelPolicy {
  canSubscribe(): boolean {
    return true;
  }
}

/** See bends.ts. */
@RealtimeChannel('bent:{kind}:{name}', { history: settings.history })
class BentChannel extends LogChannel {}

/** Keeps little, so that whoever is away for long misses what cannot be had again. */
@RealtimeChannel('short:{kind}:{name}', { history: { size: 10, ttlMs: 60_000 } })
class ShortChannel extends LogChannel {}

@Controller()
class PublishController {
  constructor(private readonly realtime: RealtimeBroadcaster) {}

  /** Says of each event where it is, or how it failed. */
  @Post('publish')
  async publish(@Body() requests: PublishRequest[]): Promise<unknown[]> {
    return (await this.realtime.publishMany(requests)).map(told);
  }
}

function told(outcome: PublishOutcome): unknown {
  if (outcome.ok) return { position: outcome.position };
  const { error } = outcome;
  return {
    error: error instanceof RealtimeError ? error.toBody() : { code: 'thrown', message: String(error) },
  };
}

const redis = redisBackend(settings.redis);

@Module({
  imports: [
    RealtimeModule.forRoot({
      backend: settings.isBent ? bent(redis) : redis,
      sse: { keepAliveMs: 500 },
      socketIo: { pingIntervalMs: 500, pingTimeoutMs: 1_500 },
      limits: { deliveryTimeoutMs: 2_000 },
    }),
    RealtimeModule.forFeature([LogChannel, BentChannel, ShortChannel]),
  ],
  controllers: [PublishController],
})
class NodeModule {}

const app = await NestFactory.create<NestExpressApplication>(NodeModule, { logger: ['error', 'warn'] });
app.useBodyParser('json', { limit: '16mb' });
await app.listen(0, '127.0.0.1');
console.log(`ready ${await app.getUrl()}`);
