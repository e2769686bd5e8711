import { Module } from '@nestjs/common';
import { RealtimeModule } from '@nestwire/realtime';
import { BoardChannel } from './board.channel.js';
import { RateLimit } from './rate-limit.js';
import { TicketDocument } from './ticket.document.js';
import { TicketsController } from './tickets.controller.js';
import { TicketsService } from './tickets.service.js';

@Module({
  imports: [RealtimeModule.forFeature([BoardChannel])],
  controllers: [TicketsController],
  // A policy with dependencies of its own is a provider beside them.
  providers: [TicketsService, RateLimit, TicketDocument],
})
export class TicketsModule {}
