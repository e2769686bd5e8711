import {
  Controller,
  ForbiddenException,
  Get,
  Global,
  Inject,
  Module,
  Post,
  Req,
  Res,
  UseGuards,
  type INestApplication,
} from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { ConnectedSocket, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Counters } from '../../../src/observability/counters.js';
import { ErrorReporter } from '../../../src/observability/error-reporter.js';
import { MemorySessionStore } from '../../../src/backend/memory/memory-session-store.js';
import { REALTIME_BACKEND, REALTIME_OPTIONS } from '../../../src/realtime.tokens.js';
import type { Principal } from '../../../src/sessions/principal.js';
import type { AnyRequest, AnyResponse } from '../../../src/sessions/raw-http.js';
import { CurrentPrincipal, CurrentSession, Roles } from '../../../src/sessions/session.decorators.js';
import { SessionGuard } from '../../../src/sessions/session.guard.js';
import { SESSION_EXPORTS, SESSION_PROVIDERS } from '../../../src/sessions/session.providers.js';
import { ClientAddresses } from '../../../src/limits/client-addresses.js';
import { OptionalSessionGuard } from '../../../src/sessions/optional-session.guard.js';
import type { Session } from '../../../src/sessions/session.js';
import { RealtimeSessions } from '../../../src/sessions/sessions.service.js';
import { KnownTokens, optionsFor, user } from './world.js';

export const tokens = new KnownTokens();

@Global()
@Module({
  providers: [
    { provide: REALTIME_BACKEND, useValue: { sessions: new MemorySessionStore() } },
    { provide: REALTIME_OPTIONS, useValue: optionsFor(tokens) },
    ErrorReporter,
    Counters,
    ClientAddresses,
    ...SESSION_PROVIDERS,
  ],
  exports: [...SESSION_EXPORTS, Counters],
})
class SessionsModule {}

@Controller()
class AccountController {
  constructor(@Inject(RealtimeSessions) private readonly sessions: RealtimeSessions) {}

  @Post('login')
  async login(@Req() request: AnyRequest, @Res({ passthrough: true }) response: AnyResponse) {
    const { session } = await this.sessions.signIn(request, response, user('42', { roles: ['staff'] }));
    return { sid: session.sid };
  }

  @Post('logout')
  @UseGuards(SessionGuard)
  async logout(@CurrentSession() session: Session, @Res({ passthrough: true }) response: AnyResponse) {
    await this.sessions.revoke(session.sid);
    this.sessions.clear(response);
  }

  @Get('me')
  @UseGuards(SessionGuard)
  me(@CurrentSession() session: Session, @CurrentPrincipal() principal: Principal) {
    return { sid: session.sid, userId: principal.userId };
  }

  @Get('front')
  @UseGuards(OptionalSessionGuard)
  front(@CurrentPrincipal() { userId }: Principal, @CurrentSession() session: Session | null) {
    return { userId: userId ?? 'nobody', hasSession: session !== null };
  }

  @Get('open')
  open(@CurrentPrincipal() principal?: Principal) {
    return { principal: principal === undefined ? 'undefined' : principal };
  }
}

@Controller('office')
@UseGuards(SessionGuard)
@Roles('staff', 'boss')
class OfficeController {
  @Get()
  enter() {
    return { entered: true };
  }

  @Get('safe')
  @Roles('boss')
  openSafe() {
    return { opened: true };
  }

  @Get('closed')
  closed() {
    throw new ForbiddenException('closed today');
  }
}

@WebSocketGateway({ namespace: '/chat' })
class ChatGateway {
  @SubscribeMessage('whoami')
  @UseGuards(SessionGuard)
  whoami(
    @CurrentPrincipal() principal: Principal,
    @CurrentSession() session: Session,
    @ConnectedSocket() _socket: unknown,
  ) {
    return { userId: principal.userId, sid: session.sid };
  }

  @SubscribeMessage('safe')
  @UseGuards(SessionGuard)
  @Roles('boss')
  openSafe() {
    return { opened: true };
  }
}

/** A small application, whose own module knows the sessions only through the global one. */
@Module({ controllers: [AccountController, OfficeController], providers: [ChatGateway] })
class OwnModule {}

@Module({ imports: [SessionsModule, OwnModule] })
export class TestModule {}

/** Starts the application on a free port; answers its address. */
export async function listen(app: INestApplication): Promise<string> {
  app.useWebSocketAdapter(new IoAdapter(app));
  await app.listen(0, '127.0.0.1');
  return app.getUrl();
}
