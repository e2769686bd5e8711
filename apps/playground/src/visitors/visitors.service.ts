import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { IdentityService, RealtimeSessions } from '@nestwire/realtime';
import { drawName } from './visitor-name.js';

@Injectable()
export class VisitorsService {
  constructor(
    private readonly sessions: RealtimeSessions,
    private readonly identities: IdentityService,
  ) {}

  /** Gives whoever comes without a session an anonymous one, with a name. All tabs of a browser share it. */
  async welcome(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { session } = await this.identities.resolve({ request, transport: 'http' });
    if (session !== null) return;
    this.sessions.issue(response, await this.sessions.create({ data: { name: drawName() } }));
  }
}
