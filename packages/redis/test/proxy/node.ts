// One of the nodes behind nginx, in a process of its own; its arguments are the port and the address of Redis.
import 'reflect-metadata';
import { Body, Controller, Get, Header, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type ChannelPolicy, RealtimeBroadcaster, RealtimeChannel, RealtimeModule } from '@nestwire/realtime';
import { redisBackend } from '@nestwire/redis';
import { PAGE } from './page.js';

const [port, url] = process.argv.slice(2);

@RealtimeChannel('news', { history: { size: 5_000, ttlMs: 120_000 } })
class NewsChannel implements ChannelPolicy {
  canSubscribe(): boolean {
    return true;
  }
}

@Controller()
class NewsController {
  constructor(private readonly realtime: RealtimeBroadcaster) {}

  /** The same id is the same event, however often it is sent. */
  @Post('news')
  async publish(@Body() { id }: { id: string }): Promise<{ offset: number }> {
    const { offset } = await this.realtime.publish('news', 'news', { id }, { idempotencyKey: id });
    return { offset };
  }

  @Get('page')
  @Header('Content-Type', 'text/html')
  page(): string {
    return PAGE;
  }
}

@Module({
  imports: [
    RealtimeModule.forRoot({
      backend: redisBackend({ url: url! }),
      sse: { retryMs: [200, 500] },
      metrics: { endpoint: 'everybody' },
    }),
    RealtimeModule.forFeature([NewsChannel]),
  ],
  controllers: [NewsController],
})
class NodeModule {}

const app = await NestFactory.create(NodeModule, { logger: ['error', 'warn'] });
await app.listen(Number(port), '127.0.0.1');
console.log(`ready ${await app.getUrl()}`);
