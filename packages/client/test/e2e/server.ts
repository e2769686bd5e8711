import 'reflect-metadata';
import { Controller, Get, Injectable, Module, Param, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { MessageBody } from '@nestjs/websockets';
import { Realtime, RealtimeBroadcaster, RealtimeModule } from '@nestwire/realtime';
import { redisBackend } from '@nestwire/redis';
import { OpenChannel, OpenDocument } from '../support/policies.js';

const { PORT = '0', REDIS_URL = '', PAGE = '' } = process.env;

@Injectable()
class Claims {
  /** What was claimed, in order. */
  readonly list: string[] = [];

  @Realtime({ command: 'claim' })
  claim(@MessageBody() { id }: { id: string }): string {
    this.list.push(id);
    return `${id} is yours`;
  }
}

@Controller('publish')
class Publisher {
  constructor(
    private readonly realtime: RealtimeBroadcaster,
    private readonly claims: Claims,
  ) {}

  @Get('claims')
  claimed(): string[] {
    return this.claims.list;
  }

  @Post('to/:user/:item')
  async tell(@Param('user') user: string, @Param('item') item: string): Promise<void> {
    await this.realtime.toUser(user).publish('item', Number(item));
  }

  @Post(':item')
  async publish(@Param('item') item: string): Promise<void> {
    await this.realtime.publish('open:news', 'item', Number(item));
  }
}

@Module({
  imports: [
    RealtimeModule.forRoot({
      backend: redisBackend({ url: REDIS_URL }),
      // A token is its user's name.
      authenticate: {
        authenticate: ({ token }) => (token === undefined ? null : { userId: token, roles: [], claims: {} }),
      },
      sse: { retryMs: [10, 50] },
    }),
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
