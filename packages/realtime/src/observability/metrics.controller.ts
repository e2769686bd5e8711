import { Controller, Get, Res, UseFilters, UseGuards } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { RouteExceptionFilter } from '../transports/http/route-exception.filter.js';
import { RealtimeMetrics } from './metrics.js';
import { MetricsGuard } from './metrics.guard.js';

/** `GET /realtime/metrics`, for Prometheus. The answer is written here, so that no interceptor of the application wraps it. */
@Controller()
@UseFilters(RouteExceptionFilter)
@UseGuards(MetricsGuard)
export class MetricsController {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly metrics: RealtimeMetrics,
  ) {}

  @Get('metrics')
  async read(@Res() response: unknown): Promise<void> {
    const { contentType, body } = await this.metrics.text();
    const { httpAdapter: http } = this.host;
    http.setHeader(response, 'Content-Type', contentType);
    http.setHeader(response, 'Cache-Control', 'no-store');
    http.reply(response, body, 200);
  }
}
