import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  Module,
  type ModuleMetadata,
  UseGuards,
} from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  WsException,
} from '@nestjs/websockets';
import { Test } from '@nestjs/testing';
import type { Namespace, Server, Socket } from 'socket.io';
import {
  CurrentPrincipal,
  CurrentSession,
  type Principal,
  RealtimeBroadcaster,
  RealtimeModule,
  type Session,
  SessionGuard,
} from '../../src/index.js';
import { knownTokens } from '../support/known-tokens.js';
import { OpenChannel } from '../support/policies.js';
import { SocketClient } from '../support/socket-client.js';

@Injectable()
class PasswordGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToWs().getData<{ password?: string }>().password === 'sesame';
  }
}

@WebSocketGateway({
  cors: { origin: 'https://app.example', credentials: true },
  maxHttpBufferSize: 2_000_000,
})
class RootGateway implements OnGatewayConnection {
  @WebSocketServer()
  server!: Server;

  handleConnection(socket: Socket): void {
    socket.emit('welcome', socket.nsp.name);
  }

  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('shout')
  shout(@MessageBody() text: string): void {
    this.server.emit('shouted', text.toUpperCase());
  }
}

@WebSocketGateway({ namespace: 'chat' })
class ChatGateway {
  @WebSocketServer()
  server!: Namespace;

  @SubscribeMessage('join')
  async join(@ConnectedSocket() socket: Socket, @MessageBody() room: string): Promise<string> {
    await socket.join(room);
    this.server.to(room).emit('joined', room);
    return `in ${room}`;
  }

  @UseGuards(PasswordGuard)
  @SubscribeMessage('enter')
  enter(): string {
    return 'come in';
  }

  @SubscribeMessage('fail')
  fail(): never {
    throw new WsException('not today');
  }

  @UseGuards(SessionGuard)
  @SubscribeMessage('whoami')
  whoami(@CurrentPrincipal() { userId }: Principal, @CurrentSession() { sid }: Session): object {
    return { userId, sid };
  }
}

@WebSocketGateway({ path: '/own-path', transports: ['websocket'] })
class OwnPathGateway {
  @SubscribeMessage('where')
  where(): string {
    return 'on a path of its own';
  }
}

type Imports = NonNullable<ModuleMetadata['imports']>;

@Module({ providers: [RootGateway, ChatGateway, OwnPathGateway] })
class OwnModule {}

const nestwire = (): Imports => [
  RealtimeModule.forRoot({ authenticate: knownTokens({ ann: { userId: 'ann' } }) }),
  RealtimeModule.forFeature([OpenChannel]),
];

describe.each<[string, () => Imports]>([
  ['before ours', () => [OwnModule, ...nestwire()]],
  ['after ours', () => [...nestwire(), OwnModule]],
])('gateways of the application’s own, in a module %s', (_, imports) => {
  let app: Awaited<ReturnType<typeof start>>;

  async function start() {
    const module = await Test.createTestingModule({ imports: imports() }).compile();
    const nest = module.createNestApplication({ logger: false });
    await nest.listen(0, '127.0.0.1');
    return { nest, url: await nest.getUrl(), realtime: nest.get(RealtimeBroadcaster) };
  }

  beforeAll(async () => {
    app = await start();
  });

  afterAll(() => app.nest.close());

  const connect = async (namespace: string, options = {}): Promise<SocketClient> => {
    const client = new SocketClient(app.url, { namespace, ...options });
    await client.until(() => client.io.connected, `${namespace} to be connected`);
    return client;
  };

  it('in the default namespace answer, greet, and emit to everybody there and nowhere else', async () => {
    using own = await SocketClient.connect(app.url);
    const heardByOurs: string[] = [];
    own.io.onAny((name: string) => heardByOurs.push(name));
    using root = new SocketClient(app.url, { namespace: '/' });
    const welcome = new Promise((resolve) => root.io.once('welcome', resolve));
    const shouted = new Promise((resolve) => root.io.once('shouted', resolve));

    expect(await welcome).toBe('/');
    expect(await root.io.emitWithAck('echo', { a: [1] })).toEqual({ a: [1] });
    root.io.emit('shout', 'hello');

    expect(await shouted).toBe('HELLO');
    await own.command('realtime.heartbeat');
    expect(heardByOurs).toEqual([]);
  });

  it('keep their options on the server that they share with ours', async () => {
    const response = await fetch(`${app.url}/socket.io/?EIO=4&transport=polling`, {
      headers: { origin: 'https://app.example' },
    });

    expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(response.headers.get('access-control-allow-credentials')).toBe('true');
    const open = JSON.parse((await response.text()).slice(1)) as Record<string, unknown>;
    expect(open).toMatchObject({ maxPayload: 2_000_000, pingInterval: 10_000, pingTimeout: 10_000 });
  });

  it('in a namespace of their own have rooms, guards and exceptions', async () => {
    using chat = await connect('/chat');
    const exceptionOf = (...message: [string, ...unknown[]]): Promise<unknown> =>
      new Promise((resolve) => {
        chat.io.once('exception', resolve);
        chat.io.emit(...message);
      });
    const joined = new Promise((resolve) => chat.io.once('joined', resolve));

    expect(await chat.io.emitWithAck('join', 'lobby')).toBe('in lobby');
    expect(await joined).toBe('lobby');
    expect(await chat.io.emitWithAck('enter', { password: 'sesame' })).toBe('come in');
    expect(await exceptionOf('enter', { password: 'wrong' })).toMatchObject({
      message: 'Forbidden resource',
    });
    expect(await exceptionOf('fail')).toMatchObject({ status: 'error', message: 'not today' });
  });

  it('know by SessionGuard whom they talk to', async () => {
    using ours = await SocketClient.connect(app.url, { auth: { token: 'ann' } });
    using ann = await connect('/chat', { auth: { token: 'ann' } });
    using visitor = await connect('/chat');

    expect(await ann.io.emitWithAck('whoami')).toEqual({ userId: 'ann', sid: ours.ready.sid });
    const refused = new Promise((resolve) => visitor.io.once('exception', resolve));
    visitor.io.emit('whoami');
    expect(await refused).toMatchObject({ code: 'unauthenticated', temporary: false });
  });

  it('on a path of their own have a server of their own', async () => {
    using client = await connect('/', { path: '/own-path' });

    expect(await client.io.emitWithAck('where')).toBe('on a path of its own');
    const polling = await fetch(`${app.url}/own-path/?EIO=4&transport=polling`);
    expect(polling.status).toBe(400);
  });

  it('share one connection with ours', async () => {
    using ours = await SocketClient.connect(app.url);
    const chat = ours.io.io.socket('/chat').connect();
    await ours.follow('open:room');

    expect(await chat.emitWithAck('join', 'room')).toBe('in room');
    await app.realtime.publish('open:room', 'said', 1);
    await ours.received('open:room', 1);
    expect(await chat.emitWithAck('join', 'other')).toBe('in other');
    chat.disconnect();
  });
});
