import type {
  Command,
  Envelope,
  ErrorBody,
  Gap,
  Positions,
  Reply,
  SubscriptionOutcome,
} from '@nestwire/protocol';
import type { ConnectionReason, ConnectionState } from '../connection/connection-state.js';
import type { Link } from '../transports/link.js';

/** From a tab to the leader; `to` is the leader that is meant. */
export type ToHost = { readonly from: string; readonly to?: string } & (
  | { readonly type: 'join'; readonly positions: Positions }
  | { readonly type: 'follow'; readonly wanted: readonly (readonly [string, string | undefined])[] }
  | { readonly type: 'command'; readonly call: number; readonly command: Command }
  | { readonly type: 'renew'; readonly call: number; readonly token: string }
  | { readonly type: 'abandon'; readonly reason: ConnectionReason }
  | { readonly type: 'connect' | 'hurry' | 'leave' }
  /** So much was taken in since the last of these. */
  | { readonly type: 'ack'; readonly weight: number }
);

/** A state as it is cloned: errors lose their class on the way. */
export type SentState = Omit<ConnectionState, 'error'> & { readonly error?: ErrorBody };

/** From the leader to one tab; `host` is who says it. */
export type ToMember = { readonly host: string } & (
  | { readonly type: 'state'; readonly state: SentState }
  | ({ readonly type: 'link' } & Pick<Link, 'transport' | 'scope' | 'followed'>)
  | { readonly type: 'lost'; readonly reason: ConnectionReason }
  | { readonly type: 'start'; readonly channel: string; readonly outcome: SubscriptionOutcome }
  | { readonly type: 'events'; readonly envelopes: readonly Envelope[]; readonly positions: Positions }
  | { readonly type: 'gap'; readonly gap: Gap }
  /** Without `reply` no answer came. */
  | { readonly type: 'reply'; readonly call: number; readonly reply?: Reply }
  /** The leader knows nothing of the tab: it is to join again. */
  | { readonly type: 'gone' }
);

/** To all tabs: this one leads from now on. */
export interface Announcement {
  readonly host: string;
}

/** How much of the memory of a tab that does not read a message takes: its events, and itself. */
export function weightOf(message: ToMember): number {
  return message.type === 'events' ? 1 + message.envelopes.length : 1;
}
