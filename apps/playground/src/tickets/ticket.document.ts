import {
  type DocumentPolicy,
  type DocumentRequest,
  type DocumentWriteRequest,
  RealtimeDocument,
  RealtimeError,
} from '@nestwire/realtime';
import { RateLimit } from './rate-limit.js';
import { EDITABLE_FIELDS } from './ticket.js';
import { TicketsService } from './tickets.service.js';

/** Visitors read every ticket, and edit what is theirs to edit of those that are open. */
@RealtimeDocument('ticket:{id}', { history: { size: 200, ttlMs: 300_000 } })
export class TicketDocument implements DocumentPolicy {
  constructor(
    private readonly tickets: TicketsService,
    private readonly rate: RateLimit,
  ) {}

  canRead({ session }: DocumentRequest): boolean {
    return session !== null;
  }

  canWrite({ session, params, fields }: DocumentWriteRequest): boolean {
    if (session === null || !this.tickets.isOpen(params['id']!)) return false;
    if (!fields.every((field) => EDITABLE_FIELDS.includes(field))) return false;
    if (this.rate.take(session)) return true;
    const { retryAfterMs } = this.rate;
    throw new RealtimeError('rate_limited', 'Too many changes at once; wait a moment', { retryAfterMs });
  }
}
