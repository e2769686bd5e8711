import { RealtimeError } from '@nestwire/protocol';
import type { IncomingMessage } from 'node:http';
import type { Identity } from '../../sessions/identity.js';
import type { Admissions } from '../../sessions/admissions.service.js';
import type { AnyResponse } from '../../sessions/raw-http.js';
import type { Resumption } from '../../sessions/resume-tokens.service.js';
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
  /** What it may come back with in place of a cookie. */
  readonly resumption?: Resumption | undefined;
}

/** The holder of a session, of a token, or nobody in particular. */
export async function visitorOf(
  request: IncomingMessage,
  response: AnyResponse,
  { channels }: SseRequest,
  admissions: Admissions,
): Promise<Visitor> {
  const { identity, resumption } = await admissions.admit({ request, transport: 'sse', response });
  const origin = identity.session === null ? undefined : `session:${identity.session.sid}`;
  return { identity, channels, allowed: undefined, origin, resumption };
}

/** The holder of a ticket; asks for all of its channels unless the request says which. */
export async function ticketHolder(
  ticket: string,
  request: IncomingMessage,
  { channels }: SseRequest,
  tickets: RealtimeTickets,
): Promise<Visitor> {
  const redeemed = await tickets.redeem(ticket, request);
  if (redeemed === undefined) throw new RealtimeError('unauthenticated', 'the ticket is not valid any more');
  return {
    identity: redeemed.identity,
    channels: channels.length > 0 ? channels : redeemed.channels,
    allowed: new Set(redeemed.channels),
    origin: `ticket:${hashSecret(ticket)}`,
  };
}
