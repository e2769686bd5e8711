import type { Fields } from '@nestwire/protocol';
import type { Principal } from '../sessions/principal.js';
import type { Session } from '../sessions/session.js';

/** Who asks for which channel. */
export interface ChannelRequest {
  readonly channel: string;
  /** What the pattern's placeholders matched. */
  readonly params: Readonly<Record<string, string>>;
  readonly principal: Principal;
  readonly session: Session | null;
}

/** Who would publish what on which channel. */
export interface ChannelPublishRequest extends ChannelRequest {
  readonly event: string;
  readonly data: unknown;
}

/**
 * Who may do what with the channels of one pattern. A method that is missing refuses.
 * A refusal is `false` or a thrown `RealtimeError` or `HttpException`; any other exception counts as a passing fault:
 * the client gets `unavailable` and may try again.
 */
export interface ChannelPolicy {
  /** Who may listen. */
  canSubscribe?(request: ChannelRequest): boolean | Promise<boolean>;
  /** For clients that publish themselves (`realtime.publish`); the server's own broadcaster is not asked. */
  canPublish?(request: ChannelPublishRequest): boolean | Promise<boolean>;
}

/** Who asks for which document. */
export interface DocumentRequest {
  readonly id: string;
  readonly params: Readonly<Record<string, string>>;
  readonly principal: Principal;
  readonly session: Session | null;
}

/** Who would change which fields of which document. */
export interface DocumentWriteRequest extends DocumentRequest {
  /** Names of the top-level fields that the patch sets or removes. */
  readonly fields: readonly string[];
}

/** Who may do what with the documents of one pattern, over every way in. As {@link ChannelPolicy}. */
export interface DocumentPolicy {
  /** Reading and subscribing to `$state:ID`. */
  canRead?(request: DocumentRequest): boolean | Promise<boolean>;
  /** Who may set and remove these fields. */
  canWrite?(request: DocumentWriteRequest): boolean | Promise<boolean>;
  /**
   * A document has expired (`ttlMs`), and is gone. Called on one node, again where it rejects or the node dies: at least once.
   */
  onExpire?(expired: ExpiredDocument): void | Promise<void>;
}

/** A document that was not used for its time to live. */
export interface ExpiredDocument {
  readonly id: string;
  readonly params: Readonly<Record<string, string>>;
  /** What it held at the end. */
  readonly fields: Readonly<Fields>;
}
