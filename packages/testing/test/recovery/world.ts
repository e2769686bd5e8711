import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type Backend,
  RealtimeBroadcaster,
  RealtimeChannel,
  RealtimeModule,
  type ChannelPolicy,
} from '@nestwire/realtime';

/** What the channels of the test keep: little, so that a client that is away for long misses what cannot be had again. */
export const HISTORY_SIZE = 20;

@RealtimeChannel('log:{run}:{name}', { history: { size: HISTORY_SIZE, ttlMs: 600_000 } })
class LogChannel implements ChannelPolicy {
  canSubscribe(): boolean {
    return true;
  }
}

export interface WorldNode extends AsyncDisposable {
  readonly url: string;
  readonly broadcaster: RealtimeBroadcaster;
}

/** Two nodes of one suite. A bearer token is the name of its holder's only role. */
export async function startNodes(backend: Backend): Promise<[WorldNode, WorldNode]> {
  return [await startNode(backend), await startNode(backend)];
}

async function startNode(backend: Backend): Promise<WorldNode> {
  const authenticate = {
    authenticate: ({ token }: { token?: string }) =>
      token === undefined ? null : { userId: token, roles: [token], claims: {} },
  };
  @Module({
    imports: [RealtimeModule.forRoot({ backend, authenticate }), RealtimeModule.forFeature([LogChannel])],
  })
  class World {}
  const app = await NestFactory.create(World, { logger: ['error', 'warn'] });
  await app.listen(0, '127.0.0.1');
  return {
    url: await app.getUrl(),
    broadcaster: app.get(RealtimeBroadcaster),
    [Symbol.asyncDispose]: () => app.close(),
  };
}
