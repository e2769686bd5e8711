import { Module } from '@nestjs/common';
import { RealtimeModule } from '@nestwire/realtime';
import { redisBackend } from '@nestwire/redis';
import { NewsChannel } from './news.channel.js';
import { NewsController } from './news.controller.js';

const url = process.env['REDIS_URL'];

@Module({
  imports: [
    RealtimeModule.forRoot({
      // Without Redis every worker is on its own, and says so in a warning.
      ...(url === undefined ? {} : { backend: redisBackend({ url }) }),
      // To be scraped from the own machine; the port is not for the public.
      metrics: { endpoint: 'everybody' },
      drainSpreadMs: 1_000,
    }),
    RealtimeModule.forFeature([NewsChannel]),
  ],
  controllers: [NewsController],
})
export class AppModule {}
