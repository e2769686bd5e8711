import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { RealtimeError } from '@nestwire/protocol';
import { randomUUID } from 'node:crypto';
import type { Backend } from '../backend/backend.js';
import type { LogEntry } from '../backend/event-log.js';
import { ErrorReporter } from '../observability/error-reporter.js';
import type { ResolvedOptions } from '../realtime.options.js';
import { REALTIME_BACKEND, REALTIME_OPTIONS } from '../realtime.tokens.js';
import { sessionChannel } from '../sessions/followed-channels.js';
import type { Identity } from '../sessions/identity.js';
import { IdentityService } from '../sessions/identity.service.js';
import type { Principal } from '../sessions/principal.js';
import { within } from '../within.js';
import { Connections } from './connections.js';
import { Hub } from './hub.js';
import { sessionNote } from './session-changes.js';

/** A connection whose node has not answered in so many milliseconds is taken not to be there. */
const ANSWER_TIMEOUT_MS = 2_000;

const ASKED = 'realtime.connection-renewal';
const ANSWERED = 'realtime.connection-renewed';

interface Renewal {
  readonly id: string;
  readonly connection: string;
  /** Who the token has proven the user to be. The token itself stays on the node that was given it. */
  readonly principal: Principal;
}

/**
 * Renews connections of other nodes, by way of the session's own channel, which only servers write to and every node that has a
 * connection of the session follows. The node of the connection asks the session's record itself, and answers on the same channel.
 */
@Injectable()
export class RemoteRenewals implements OnApplicationBootstrap {
  private readonly waiting = new Map<string, () => void>();

  constructor(
    private readonly hub: Hub,
    private readonly connections: Connections,
    private readonly identities: IdentityService,
    private readonly errors: ErrorReporter,
    @Inject(REALTIME_BACKEND) private readonly backend: Backend,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  onApplicationBootstrap(): void {
    this.hub.onSessionNote = (sid, entry) => this.onNote(sid, entry);
  }

  /**
   * Resolves when the node of the connection goes on with this principal.
   * @throws RealtimeError `not_found` where no node has such a connection of the session and the user.
   */
  async renew(connection: string, { principal, session }: Identity): Promise<void> {
    if (session === null) throw noConnection();
    const id = randomUUID();
    const topic = await this.hub.acquire(sessionChannel(session.sid));
    try {
      const answered = new Promise<void>((resolve) => this.waiting.set(id, resolve));
      await this.note(session.sid, ASKED, { id, connection, principal } satisfies Renewal);
      await within(ANSWER_TIMEOUT_MS, answered, noConnection);
    } finally {
      this.waiting.delete(id);
      this.hub.release(topic);
    }
  }

  private onNote(sid: string, { event, data }: LogEntry): void {
    if (event === ANSWERED) this.waiting.get((JSON.parse(data) as Pick<Renewal, 'id'>).id)?.();
    if (event === ASKED)
      this.answer(sid, JSON.parse(data) as Renewal).catch((error: unknown) =>
        this.errors.report(error, { during: 'connection' }),
      );
  }

  private async answer(sid: string, { id, connection: name, principal }: Renewal): Promise<void> {
    const connection = this.connections.get(name);
    const { session, principal: before } = connection?.identity ?? {};
    if (connection === undefined || session?.sid !== sid || before?.userId !== principal.userId) return;
    await connection.renew(await this.identities.reopen(principal, sid));
    await this.note(sid, ANSWERED, { id });
  }

  private async note(sid: string, event: string, data: object): Promise<void> {
    const entry = sessionNote(event, JSON.stringify(data), randomUUID());
    await this.backend.log.append(sessionChannel(sid), [entry], this.options.history);
  }
}

export function noConnection(): RealtimeError {
  return new RealtimeError('not_found', 'there is no such connection of yours');
}
