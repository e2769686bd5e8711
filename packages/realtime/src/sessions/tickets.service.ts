import { Injectable } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { checkPrincipal } from './check-principal.js';
import type { Identity } from './identity.js';
import { IdentityService } from './identity.service.js';
import { SessionRecords } from './session-records.js';
import { hashSecret, isSecret, newSecret } from './session-secret.js';

/** How long a ticket is good for, in milliseconds. */
const TICKET_TTL_MS = 10 * 60_000;

/** A ticket for a stream, as its holder gets it. */
export interface Ticket {
  /** Good for whoever holds it: to be kept out of logs. */
  readonly ticket: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** What a ticket opens, and for whom. */
export interface TicketGrant {
  readonly identity: Identity;
  readonly channels: readonly string[];
}

/**
 * Tickets for streams that can bring neither a cookie nor a header. One is good for 10 minutes, or as long as
 * its principal is, and as often as it is used meanwhile: an `EventSource` comes back with the same URL. Only its hash is
 * stored.
 */
@Injectable()
export class RealtimeTickets {
  constructor(
    private readonly records: SessionRecords,
    private readonly identities: IdentityService,
  ) {}

  /** A ticket for these channels, which are not checked here, on behalf of this identity. */
  async issue({ principal, session }: Identity, channels: readonly string[]): Promise<Ticket> {
    const ticket = newSecret();
    const expiresAt = Math.min(this.records.now() + TICKET_TTL_MS, principal.expiresAt ?? Infinity);
    const stored = { principal, sid: session?.sid ?? null, channels: [...channels], expiresAt };
    await this.records.store.putTicket(hashSecret(ticket), stored);
    return { ticket, expiresAt };
  }

  /**
   * What the ticket opens for who sends the request; undefined where it is none or its time is up.
   * @throws RealtimeError `unauthenticated` where its session was revoked or has ended (`details.close`), or is
   *   somebody else's by now.
   */
  async redeem(ticket: string, request?: IncomingMessage): Promise<TicketGrant | undefined> {
    const stored = isSecret(ticket) ? await this.records.store.findTicket(hashSecret(ticket)) : undefined;
    const now = this.records.now();
    if (stored === undefined || stored.expiresAt <= now) return undefined;
    const identity = await this.identities.reopen(checkPrincipal(stored.principal, now), stored.sid, request);
    return { identity, channels: stored.channels };
  }
}
