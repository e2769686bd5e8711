import { Controller, Get, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import {
  type AnyRequest,
  type AnyResponse,
  CurrentSession,
  RealtimeSessions,
  Roles,
  type Session,
  SessionGuard,
} from '@nestwire/realtime';

/** Who signs in here, whoever it is, is user 7. */
const VISITOR = { userId: '7', roles: ['guest'], claims: {} };

@Controller('account')
export class AccountController {
  constructor(private readonly sessions: RealtimeSessions) {}

  @Get()
  @UseGuards(SessionGuard)
  show(@CurrentSession() { sid, principal }: Session) {
    return { sid, userId: principal.userId };
  }

  @Get('safe')
  @UseGuards(SessionGuard)
  @Roles('staff')
  openSafe() {
    return { opened: true };
  }

  @Post('sign-in')
  async signIn(@Req() request: AnyRequest, @Res({ passthrough: true }) response: AnyResponse) {
    const { session } = await this.sessions.signIn(request, response, VISITOR);
    return { sid: session.sid };
  }

  @Post('sign-out')
  @HttpCode(204)
  @UseGuards(SessionGuard)
  async signOut(@CurrentSession() { sid }: Session): Promise<void> {
    await this.sessions.revoke(sid);
  }
}
