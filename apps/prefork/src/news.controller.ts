import { Body, Controller, Get, Param, Post, Res } from '@nestjs/common';
import { RealtimeBroadcaster, RealtimeHealthIndicator, type RealtimeHealth } from '@nestwire/realtime';
import type { ServerResponse } from 'node:http';

/** Publishes what it is sent, and says which process has answered. */
@Controller()
export class NewsController {
  constructor(
    private readonly realtime: RealtimeBroadcaster,
    private readonly health: RealtimeHealthIndicator,
  ) {}

  @Post('news/:topic')
  async publish(
    @Param('topic') topic: string,
    @Body() data: object,
  ): Promise<{ offset: number; pid: number }> {
    const { offset } = await this.realtime.publish(`news:${topic}`, 'news', data);
    return { offset, pid: process.pid };
  }

  @Get('health')
  check(@Res({ passthrough: true }) response: ServerResponse): RealtimeHealth {
    const health = this.health.check('readiness');
    if (health.status === 'down') response.statusCode = 503;
    return health;
  }
}
