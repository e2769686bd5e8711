import { Module } from '@nestjs/common';
import { jwtAuthenticator, RealtimeModule } from '@nestwire/realtime';
import { AccountController } from './account.js';
import { CartDocument } from './cart.js';
import { NoteDocument, noteSink } from './note.js';
import { ClaimService, OrdersChannel, OrdersController } from './orders.js';

/** What a user writes who has read the README: every way into the module, and nothing that is not exported. */
@Module({
  imports: [
    RealtimeModule.forRootAsync({
      useFactory: () => ({
        authenticate: jwtAuthenticator({ secret: process.env.JWT_SECRET ?? '' }),
        sse: { retryMs: [50, 100] },
        drainSpreadMs: 200,
        stateSink: noteSink(),
      }),
    }),
    RealtimeModule.forFeature([OrdersChannel, CartDocument, NoteDocument]),
  ],
  controllers: [OrdersController, AccountController],
  providers: [ClaimService],
})
export class AppModule {}
