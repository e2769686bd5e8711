import { Body, Controller, Get, Post, UseGuards } from '@nestjs/common';
import { MessageBody } from '@nestjs/websockets';
import { CurrentSession, Realtime, type Session, SessionGuard } from '@nestwire/realtime';
import { nameOf } from '../visitors/visitor-name.js';
import { BOARD_CHANNEL } from './board.channel.js';
import { RateLimit } from './rate-limit.js';
import { OpenTicketDto, TicketIdDto } from './ticket.dto.js';
import type { TicketWithId } from './ticket.js';
import { TicketsService } from './tickets.service.js';

interface TicketAndVisitor {
  id: string;
  by: string;
}

@Controller('api/tickets')
@UseGuards(SessionGuard)
export class TicketsController {
  constructor(
    private readonly tickets: TicketsService,
    private readonly rate: RateLimit,
  ) {}

  @Get()
  list(): Promise<TicketWithId[]> {
    return this.tickets.list();
  }

  /** A route, whose result the board is told of. */
  @Post()
  @Realtime<TicketWithId>({
    channel: BOARD_CHANNEL,
    event: 'ticket.opened',
    data: ({ id, title, openedBy }) => ({ id, title, by: openedBy }),
  })
  open(@Body() dto: OpenTicketDto, @CurrentSession() session: Session): Promise<TicketWithId> {
    this.rate.assert(session);
    return this.tickets.add(dto, nameOf(session));
  }

  /** A command, which comes over Socket.IO or `POST /realtime/commands`. */
  @Realtime({ command: 'ticket.claim', channel: BOARD_CHANNEL, event: 'ticket.claimed' })
  async claim(
    @MessageBody() { id }: TicketIdDto,
    @CurrentSession() session: Session,
  ): Promise<TicketAndVisitor> {
    this.rate.assert(session);
    const by = nameOf(session);
    await this.tickets.claim(id, by);
    return { id, by };
  }

  @Realtime({ command: 'ticket.release', channel: BOARD_CHANNEL, event: 'ticket.released' })
  async release(
    @MessageBody() { id }: TicketIdDto,
    @CurrentSession() session: Session,
  ): Promise<TicketAndVisitor> {
    this.rate.assert(session);
    const by = nameOf(session);
    await this.tickets.release(id, by);
    return { id, by };
  }
}
