import { Module } from '@nestjs/common';
import { RealtimeModule } from '@nestwire/realtime';
import { MachineModule } from './machine/machine.module.js';
import { PageModule } from './page/page.module.js';
import { TicketsModule } from './tickets/tickets.module.js';

@Module({
  imports: [
    RealtimeModule.forRoot({
      // Plain http is fine on localhost; browsers keep a Secure cookie for https.
      sessions: { secureCookie: process.env['NODE_ENV'] === 'production', ttlMs: 24 * 60 * 60_000 },
      // Nobody has more to say here than a note on a ticket.
      limits: { maxMessageBytes: 8 * 1024 },
      // There is nobody else to come back to: those who are told to come back may do so at once.
      drainSpreadMs: 1_000,
    }),
    MachineModule,
    TicketsModule,
    PageModule,
  ],
})
export class AppModule {}
