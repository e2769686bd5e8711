import 'reflect-metadata';
import { Controller, Injectable, Module, Param, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { MessageBody } from '@nestjs/websockets';
import {
  Realtime,
  RealtimeBroadcaster,
  RealtimeChannel,
  RealtimeDocument,
  RealtimeModule,
} from '@nestwire/realtime';
import { redisBackend } from '@nestwire/redis';

const { PORT = '0', REDIS_URL = '', PAGE = '' } = process.env;

@RealtimeChannel('open:{name}', { history: { size: 1_000, ttlMs: 60_000 } })
class OpenChannel {
  canSubscribe(): boolean {
    return true;
  }
}

@RealtimeDocument('doc:{id}', { history: { size: 1_000, ttlMs: 60_000 } })
class OpenDocument {
  canRead(): boolean {
    return true;
  }
  canWrite({ fields }: { fields: readonly string[] }): boolean {
    return !fields.includes('locked');
  }
}

@Injectable()
class Claims {
  @Realtime({ command: 'claim' })
  claim(@MessageBody() { id }: { id: string }): string {
    return `${id} is yours`;
  }
}

@Controller('publish')
class Publisher {
  constructor(private readonly realtime: RealtimeBroadcaster) {}

  @Post(':item')
  async publish(@Param('item') item: string): Promise<void> {
    await this.realtime.publish('open:news', 'item', Number(item));
  }
}

@Module({
  imports: [
    RealtimeModule.forRoot({ backend: redisBackend({ url: REDIS_URL }), sse: { retryMs: [10, 50] } }),
    RealtimeModule.forFeature([OpenChannel, OpenDocument]),
  ],
  controllers: [Publisher],
  providers: [Claims],
})
class AppModule {}

const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ['error'] });
app.useStaticAssets(PAGE);
await app.listen(Number(PORT), '127.0.0.1');
console.log(`ready ${new URL(await app.getUrl()).port}`);
