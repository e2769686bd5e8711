import { Body, Controller, Injectable, Param, Patch, Post, UseGuards } from '@nestjs/common';
import { MessageBody } from '@nestjs/websockets';
import {
  type ChannelPolicy,
  type ChannelRequest,
  CurrentPrincipal,
  CurrentSession,
  type Principal,
  Realtime,
  RealtimeBroadcaster,
  RealtimeChannel,
  RealtimeError,
  type Session,
  SessionGuard,
} from '@nestwire/realtime';

interface Order {
  readonly id: string;
  readonly region: string;
  readonly quantity: number;
}

@RealtimeChannel('orders:{region}', { history: { size: 100, ttlMs: 60_000 } })
export class OrdersChannel implements ChannelPolicy {
  canSubscribe({ principal }: ChannelRequest): boolean {
    return principal.roles.includes('staff');
  }
}

@Controller('orders')
export class OrdersController {
  constructor(private readonly realtime: RealtimeBroadcaster) {}

  @Patch(':id')
  @UseGuards(SessionGuard)
  @Realtime<Order>({ channel: 'orders:{result.region}', event: 'order.updated' })
  update(@Param('id') id: string, @Body() { region, quantity }: Order): Order {
    return { id, region, quantity };
  }

  @Post(':id/invoice')
  @UseGuards(SessionGuard)
  async bill(@Param('id') id: string, @CurrentPrincipal() { userId = '' }: Principal) {
    return this.realtime.toUser(userId).publish('invoice.ready', { id });
  }
}

/** Commands of a provider: over either transport, their result broadcast. */
@Injectable()
export class ClaimService {
  private claims = 0;

  @Realtime<{ region: string }>({
    command: 'order.claim',
    roles: ['staff'],
    channel: 'orders:{result.region}',
    event: 'order.claimed',
    correlationId: '{body.id}',
  })
  claim(@MessageBody() { id, region }: Order, @CurrentSession() session: Session) {
    if (id === 'taken') throw new RealtimeError('conflict', 'the order is taken');
    return { id, region, by: session.principal.userId, claims: (this.claims += 1) };
  }
}
