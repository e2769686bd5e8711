import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ConnectedSocket, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import {
  type ChannelPolicy,
  RealtimeBroadcaster,
  RealtimeChannel,
  RealtimeModule,
  RealtimeState,
} from '@nestwire/realtime';
import { redisBackend } from '@nestwire/redis';
import type { Server, Socket } from 'socket.io';

@RealtimeChannel('orders:{region}', { history: { size: 1_000, ttlMs: 60_000 } })
class OrdersChannel implements ChannelPolicy {
  canSubscribe(): boolean {
    return true;
  }
}

@RealtimeChannel('brief:{region}', { history: { size: 1_000, ttlMs: 1_000 } })
class BriefChannel implements ChannelPolicy {
  canSubscribe(): boolean {
    return true;
  }
}

/** The application's own gateway, on the same Socket.IO server. */
@WebSocketGateway()
class ChatGateway {
  @WebSocketServer() server!: Server;

  @SubscribeMessage('join')
  async join(@ConnectedSocket() socket: Socket): Promise<string> {
    await socket.join('room');
    return 'joined';
  }
}

export interface RedisNode extends AsyncDisposable {
  readonly url: string;
  readonly broadcaster: RealtimeBroadcaster;
  readonly state: RealtimeState;
  readonly chat: ChatGateway;
}

/** A node of a suite: a Nest application on a Redis. */
export async function startRedisNode(url: string): Promise<RedisNode> {
  @Module({
    imports: [
      RealtimeModule.forRoot({ backend: redisBackend({ url, timeoutMs: 5_000 }) }),
      RealtimeModule.forFeature([OrdersChannel, BriefChannel]),
    ],
    providers: [ChatGateway],
  })
  class App {}
  const app = await NestFactory.create(App, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  return {
    url: await app.getUrl(),
    broadcaster: app.get(RealtimeBroadcaster),
    state: app.get(RealtimeState),
    chat: app.get(ChatGateway),
    [Symbol.asyncDispose]: () => app.close(),
  };
}
