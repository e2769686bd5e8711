import { Controller, Get, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { VisitorsService } from '../visitors/visitors.service.js';
import { PUBLIC_FOLDER } from './assets.js';

@Controller()
export class PageController {
  constructor(private readonly visitors: VisitorsService) {}

  @Get()
  playground(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.send('index.html', request, response);
  }

  /** One ticket in a tab of its own. */
  @Get('tickets/:id')
  ticket(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.send('ticket.html', request, response);
  }

  private async send(page: string, request: Request, response: Response): Promise<void> {
    await this.visitors.welcome(request, response);
    response.sendFile(page, {
      root: PUBLIC_FOLDER,
      cacheControl: false,
      headers: { 'Cache-Control': 'no-store' },
    });
  }
}
