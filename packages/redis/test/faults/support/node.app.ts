// One node of a fault test, in a process of its own; its only argument is its settings.
import 'reflect-metadata';
import { Body, Controller, Get, Module, Param, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import {
  type ChannelPolicy,
  type DocumentPolicy,
  type PublishOutcome,
  type PublishRequest,
  RealtimeBroadcaster,
  RealtimeChannel,
  RealtimeDocument,
  RealtimeError,
  RealtimeModule,
  RealtimeState,
  type StateSnapshot,
} from '@nestwire/realtime';
import { redisBackend } from '@nestwire/redis';
import { bent } from './bends.js';
import type { Edit } from './edit.js';
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

@RealtimeDocument('shared:{name}', { history: settings.history })
class SharedDocument implements DocumentPolicy {
  canRead(): boolean {
    return true;
  }
}

@Controller()
class PublishController {
  constructor(private readonly realtime: RealtimeBroadcaster) {}

  /** Says of each event where it is, or how it failed. */
  @Post('publish')
  async publish(@Body() requests: PublishRequest[]): Promise<unknown[]> {
    return (await this.realtime.publishMany(requests)).map(told);
  }
}

/** Says of each edit at which version it is, or how it failed. */
@Controller('documents/:id')
class DocumentController {
  constructor(private readonly state: RealtimeState) {}

  @Get()
  async read(@Param('id') id: string): Promise<unknown> {
    return settled(this.state.get(id).then((found: StateSnapshot | undefined) => found ?? {}));
  }

  @Post()
  edit(@Param('id') id: string, @Body() edit: Edit): Promise<unknown> {
    return settled(this.commit(id, edit));
  }

  private commit(id: string, edit: Edit): Promise<unknown> {
    if (edit.kind === 'patch') return this.state.patch(id, edit.changes, edit.options);
    if (edit.kind === 'increment') return this.state.increment(id, edit.field);
    return this.state.update<Record<string, string[]>>(id, (draft) => {
      draft[edit.field] = [...(draft[edit.field] ?? []), edit.item];
    });
  }
}

function settled(work: Promise<unknown>): Promise<unknown> {
  return work.catch((error: unknown) => ({ error: bodyOf(error) }));
}

function told(outcome: PublishOutcome): unknown {
  return outcome.ok ? { position: outcome.position } : { error: bodyOf(outcome.error) };
}

function bodyOf(error: unknown): unknown {
  return error instanceof RealtimeError ? error.toBody() : { code: 'thrown', message: String(error) };
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
    RealtimeModule.forFeature([LogChannel, BentChannel, ShortChannel, SharedDocument]),
  ],
  controllers: [PublishController, DocumentController],
})
class NodeModule {}

const app = await NestFactory.create<NestExpressApplication>(NodeModule, { logger: ['error', 'warn'] });
app.useBodyParser('json', { limit: '16mb' });
await app.listen(0, '127.0.0.1');
console.log(`ready ${await app.getUrl()}`);
