import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { REALTIME_OPTIONS, RealtimeSessions, type ResolvedOptions } from '@nestwire/realtime';
import { drawName } from './visitor-name.js';

@Injectable()
export class VisitorsService {
  private readonly cookieName: string;

  constructor(
    private readonly sessions: RealtimeSessions,
    @Inject(REALTIME_OPTIONS) { sessions: { cookieName } }: ResolvedOptions,
  ) {
    this.cookieName = cookieName;
  }

  /** Gives whoever comes without a session an anonymous one, with a name. All tabs of a browser share it. */
  async welcome(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const secret = this.secretOf(request);
    if (secret !== undefined && (await this.sessions.findBySecret(secret)) !== undefined) return;
    this.sessions.issue(response, await this.sessions.create({ data: { name: drawName() } }));
  }

  private secretOf({ headers: { cookie = '' } }: IncomingMessage): string | undefined {
    const prefix = `${this.cookieName}=`;
    return cookie
      .split('; ')
      .find((pair) => pair.startsWith(prefix))
      ?.slice(prefix.length);
  }
}
