import { type Ready, RealtimeError } from '@nestwire/protocol';
import type { ResolvedOptions } from '../options.js';
import {
  type Link,
  type LinkEnd,
  type LinkListener,
  type LinkRequest,
  TRANSPORT_LOST,
} from '../transports/link.js';
import type { TransportName } from '../transports/transport-name.js';
import { SocketIoLink } from '../transports/socket-io-link.js';
import { SseLink } from '../transports/sse-link.js';
import { readToken } from './token.js';

export interface OpeningListener extends Omit<LinkListener, 'onReady' | 'onEnd'> {
  onOpen(link: Link, ready: Pick<Ready, 'sid' | 'previous'>, token: string | undefined): void;
  /** It could not be opened. */
  onFail(end: LinkEnd): void;
  /** It was open, and has ended. */
  onEnd(end: LinkEnd): void;
}

/** A link that is being opened: the token is fetched, and all of it must not take too long. */
export class Opening {
  private link: Link | undefined;
  private isSettled = false;
  private readonly timer: ReturnType<typeof setTimeout>;

  constructor(
    readonly name: TransportName,
    private readonly options: ResolvedOptions,
    private readonly request: Omit<LinkRequest, 'token'>,
    private readonly listener: OpeningListener,
  ) {
    this.timer = setTimeout(() => this.fail(TRANSPORT_LOST), options.connectTimeoutMs);
    readToken(options.token).then(
      (token) => this.begin(token),
      (error: unknown) => this.fail(tokenFailed(error)),
    );
  }

  /** Gives it up; nothing is heard of it. */
  close(): void {
    this.settle();
    this.link?.close();
  }

  private begin(token: string | undefined): void {
    if (this.isSettled) return;
    const { options, listener } = this;
    const request = { ...this.request, token };
    const linkListener: LinkListener = {
      ...listener,
      onReady: (ready) => {
        this.settle();
        listener.onOpen(link, ready, token);
      },
      onEnd: (end) => (this.isSettled ? listener.onEnd(end) : this.fail(end)),
    };
    const link: Link =
      this.name === 'sse'
        ? new SseLink(options, request, linkListener)
        : new SocketIoLink(options, request, linkListener);
    this.link = link;
  }

  private fail(end: LinkEnd): void {
    if (this.isSettled) return;
    this.close();
    this.listener.onFail(end);
  }

  private settle(): void {
    this.isSettled = true;
    clearTimeout(this.timer);
  }
}

/** An application that cannot get a token now may later; one that says `unauthenticated` is not asked again. */
function tokenFailed(cause: unknown): LinkEnd {
  const error =
    cause instanceof RealtimeError
      ? cause
      : new RealtimeError('unavailable', 'the token could not be had', { cause });
  return { reason: error.code, reconnect: error.temporary, error: error.toBody() };
}
