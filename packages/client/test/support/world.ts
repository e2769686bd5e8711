import { type Proxy, startProxy, waitFor } from '@nestwire/harness';
import { Injectable } from '@nestjs/common';
import { MessageBody } from '@nestjs/websockets';
import {
  type Authenticator,
  type ChannelRequest,
  CurrentPrincipal,
  Realtime,
  RealtimeBroadcaster,
  RealtimeChannel,
  RealtimeError,
  RealtimeModule,
  type RealtimeModuleOptions,
  RealtimeSessions,
  RealtimeState,
} from '@nestwire/realtime';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OpenChannel, OpenDocument } from './policies.js';
import { createRealtimeClient, type RealtimeClient, type RealtimeClientOptions } from '../../src/index.js';

@RealtimeChannel('short:{name}', { history: { size: 2, ttlMs: 60_000 } })
class ShortChannel {
  canSubscribe(): boolean {
    return true;
  }
}

@RealtimeChannel('staff:{name}')
class StaffChannel {
  canSubscribe({ principal }: ChannelRequest): boolean {
    return principal.roles.includes('staff');
  }
}

/** What ran, in order. */
@Injectable()
export class Ran {
  readonly list: unknown[] = [];
  /** While it is set, commands wait for it. */
  gate: Promise<void> | undefined;

  @Realtime({ command: 'note' })
  async note(@MessageBody() data: unknown): Promise<unknown> {
    this.list.push(data);
    await this.gate;
    return { ran: this.list.length, data };
  }

  @Realtime({ command: 'who' })
  who(@CurrentPrincipal() { userId = 'nobody' }: { userId?: string }): string {
    return userId;
  }

  @Realtime({ command: 'refuse' })
  refuse(): never {
    throw new RealtimeError('forbidden', 'not you', { details: { why: 'because' } });
  }
}

/** A token is `user`, `user:role`, `user@expiry` in milliseconds, or a JWT whose header is the user; `bad` is none. */
const authenticate: Authenticator = {
  authenticate: ({ token }) => {
    if (token === undefined) return null;
    if (token === 'bad') throw new RealtimeError('unauthenticated', 'token not valid');
    const [name = '', expiresAt] = token.split('@');
    const [userId = '', role] = name.includes('.') ? name.split('.', 1) : name.split(':');
    return {
      ...(expiresAt !== undefined && { expiresAt: Number(expiresAt) }),
      userId,
      roles: role === undefined ? [] : [role],
      claims: { sid: userId },
    };
  },
};

/** A server, a bad network before it, and clients of both. */
export class World implements AsyncDisposable {
  readonly clients: RealtimeClient[] = [];

  private constructor(
    readonly nest: INestApplication,
    readonly proxy: Proxy,
    readonly directUrl: string,
  ) {}

  static async start(options: RealtimeModuleOptions = {}): Promise<World> {
    const module = await Test.createTestingModule({
      imports: [
        RealtimeModule.forRoot({
          drainSpreadMs: 50,
          authenticate,
          ...options,
          sse: { retryMs: [10, 20], ...options.sse },
        }),
        RealtimeModule.forFeature([OpenChannel, ShortChannel, StaffChannel, OpenDocument]),
      ],
      providers: [Ran],
    }).compile();
    const nest = module.createNestApplication({ logger: false });
    await nest.listen(0, '127.0.0.1');
    const { port } = (nest.getHttpServer() as Server).address() as AddressInfo;
    return new World(nest, await startProxy({ to: port }), `http://127.0.0.1:${port}`);
  }

  get url(): string {
    return `http://127.0.0.1:${this.proxy.port}`;
  }

  get realtime(): RealtimeBroadcaster {
    return this.nest.get(RealtimeBroadcaster, { strict: false });
  }

  get state(): RealtimeState {
    return this.nest.get(RealtimeState, { strict: false });
  }

  get sessions(): RealtimeSessions {
    return this.nest.get(RealtimeSessions, { strict: false });
  }

  get ran(): Ran {
    return this.nest.get(Ran);
  }

  /** A client behind the network, in a hurry to come back. */
  client(options: RealtimeClientOptions = {}): RealtimeClient {
    const client = createRealtimeClient({ url: this.url, retryBaseMs: 20, retryMaxMs: 100, ...options });
    this.clients.push(client);
    return client;
  }

  /** A client that follows a channel. */
  async following(options: RealtimeClientOptions = {}, channel = 'open:any'): Promise<RealtimeClient> {
    const client = this.client(options);
    client.channel(channel).on('said', () => undefined);
    await waitFor(() => client.channel(channel).state.value.status === 'subscribed');
    return client;
  }

  async closeClients(): Promise<void> {
    await Promise.all(this.clients.splice(0).map((client) => client.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closeClients();
    await this.proxy[Symbol.asyncDispose]();
    await this.nest.close();
  }
}
