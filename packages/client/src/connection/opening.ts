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
import { readToken } from './token.js';

type LinkClass = new (options: ResolvedOptions, request: LinkRequest, listener: LinkListener) => Link;

/** Each transport is loaded when it is first used: a page has seldom need of both. */
const LOAD: Record<TransportName, () => Promise<LinkClass>> = {
  websocket: async () => (await import('../transports/socket-io-link.js')).SocketIoLink,
  sse: async () => (await import('../transports/sse-link.js')).SseLink,
};

export interface OpeningListener extends Omit<LinkListener, 'onReady' | 'onEnd'> {
  onOpen(link: Link, ready: Pick<Ready, 'sid' | 'previous'>, token: string | undefined): void;
  /** Resolves when all that an open link needs is loaded. */
  prepare(): Promise<void>;
  /** It could not be opened. */
  onFail(end: LinkEnd): void;
  /** It was open, and has ended. */
  onEnd(end: LinkEnd): void;
}

/** A link that is being opened: the token is fetched, and all of it must not take too long. */
export class Opening {
  private link: Link | undefined;
  private isSettled = false;
  private hasToken = false;
  private readonly timer: ReturnType<typeof setTimeout>;

  constructor(
    readonly name: TransportName,
    private readonly options: ResolvedOptions,
    private readonly request: Omit<LinkRequest, 'token'>,
    private readonly listener: OpeningListener,
  ) {
    const { connectTimeoutMs } = options;
    this.timer = setTimeout(
      () => this.fail(this.hasToken ? TRANSPORT_LOST : tokenFailed(`not within ${connectTimeoutMs} ms`)),
      connectTimeoutMs,
    );
    void this.prepare();
  }

  /** Gives it up; nothing is heard of it. */
  close(): void {
    this.settle();
    this.link?.close();
  }

  private async prepare(): Promise<void> {
    const loading = Promise.all([LOAD[this.name](), this.listener.prepare()]);
    // Looked at below, after the token.
    loading.catch(() => undefined);
    let token: string | undefined;
    try {
      token = await readToken(this.options.token);
    } catch (error) {
      return this.fail(tokenFailed(error));
    }
    this.hasToken = true;
    try {
      const [LinkOf] = await loading;
      this.begin(LinkOf, token);
    } catch {
      // It could not be loaded: as good as blocked.
      this.fail(TRANSPORT_LOST);
    }
  }

  private begin(LinkOf: LinkClass, token: string | undefined): void {
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
    const link = new LinkOf(options, request, linkListener);
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
