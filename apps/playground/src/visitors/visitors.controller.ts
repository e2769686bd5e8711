import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { CurrentSession, type Session, SessionGuard } from '@nestwire/realtime';
import { nameOf } from './visitor-name.js';

@Controller('api/me')
@UseGuards(SessionGuard)
export class VisitorsController {
  @Get()
  @Header('Cache-Control', 'no-store')
  me(@CurrentSession() session: Session): { name: string } {
    return { name: nameOf(session) };
  }
}
