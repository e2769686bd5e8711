import { RealtimeError } from '@nestwire/protocol';
import type { IncomingMessage } from 'node:http';
import type { Identity } from '../../sessions/identity.js';
import type { IdentityService } from '../../sessions/identity.service.js';
import { hashSecret } from '../../sessions/session-secret.js';
import type { RealtimeTickets } from '../../sessions/tickets.service.js';
import type { SseRequest } from './sse-request.js';

/** Who asks for a stream, and for what. */
export interface Visitor {
  readonly identity: Identity;
  /** Channels asked for; names not checked yet. */
  readonly channels: readonly string[];
  /** What a ticket opens; undefined where there is no ticket. */
  readonly allowed: ReadonlySet<string> | undefined;
  /** Session or ticket: what a close reason that could not be told is kept under. */
  readonly origin: string | undefined;
}

/** The holder of a session, of a token, or nobody in particular. */
export async function visitorOf(
  request: IncomingMessage,
  { channels }: SseRequest,
  identities: IdentityService,
): Promise<Visitor> {
  const identity = await identities.resolve({ request, transport: 'sse' });
  const origin = identity.session === null ? undefined : `session:${identity.session.sid}`;
  return { identity, channels, allowed: undefined, origin };
}

/** The holder of a ticket; asks for all of its channels unless the request says which. */
export async function ticketHolder(
  ticket: string,
  { channels }: SseRequest,
  tickets: RealtimeTickets,
): Promise<Visitor> {
  const redeemed = await tickets.redeem(ticket);
  if (redeemed === undefined) throw new RealtimeError('unauthenticated', 'the ticket is not valid any more');
  return {
    identity: redeemed.identity,
    channels: channels.length > 0 ? channels : redeemed.channels,
    allowed: new Set(redeemed.channels),
    origin: `ticket:${hashSecret(ticket)}`,
  };
}
