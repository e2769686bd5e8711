import type { Positions, RealtimeError } from '@nestwire/protocol';
import type { DebugLog } from '../debug-log.js';
import type { Environment } from '../environment.js';
import { toError } from '../errors.js';
import { Store } from '../observable.js';
import type { ResolvedOptions } from '../options.js';
import type { Link, LinkEnd, LinkListener, LinkRequest } from '../transports/link.js';
import type { TransportName } from '../transports/transport-name.js';
import { retryDelayMs } from './backoff.js';
import type { ConnectionReason, ConnectionState } from './connection-state.js';
import { Opening, type OpeningListener } from './opening.js';
import { isRenewable } from './token.js';
import { TransportChoice } from './transport-choice.js';

/** What the rest of the client does with a link. */
export interface Traffic extends Pick<LinkListener, 'onStart' | 'onEvents' | 'onGap' | 'onExpiring'> {
  readonly positions: Readonly<Positions>;
  wanted(): ReadonlySet<string>;
  /** Loads what an open link needs, with the transport. */
  prepare(): Promise<void>;
  /** A link is open; one before it has been left. */
  onLink(link: Link, token: string | undefined): void;
  /** There is none for now. */
  onLost(reason: ConnectionReason): void;
}

/** A client's way to the server. */
export interface Connection {
  readonly state: Store<ConnectionState>;
  /** The one that is open. */
  readonly link: Link | undefined;
  connect(): void;
  disconnect(): void;
  /** The open link is dead, whatever it looks like. */
  abandon(reason: ConnectionReason): void;
  /** The channels that are wanted have changed. */
  follow(): void;
}

/** Keeps one link open, as long as that is wanted: opens it, comes back when it breaks, and moves between transports. */
export class Connector implements Connection {
  /** The one that is open. */
  link: Link | undefined;
  /** One that is on its way: the only one, or to take the place of the one that is open. */
  private opening: Opening | undefined;
  private isWanted = false;
  private hasBeenOpen = false;
  private hasTriedFreshToken = false;
  /** In memory alone: whoever could read it elsewhere would be the session. */
  private readonly resume: LinkRequest['resume'] = {};
  private timer: ReturnType<typeof setTimeout> | undefined;
  private upgradeTimer: ReturnType<typeof setTimeout> | undefined;
  private unwatch: (() => void) | undefined;
  private readonly choice: TransportChoice;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly traffic: Traffic,
    private readonly debug: DebugLog,
    private readonly environment: Environment,
    readonly state: Store<ConnectionState> = idleState(),
  ) {
    this.choice = new TransportChoice(options);
  }

  connect(): void {
    if (this.isWanted) return this.hurry();
    this.isWanted = true;
    this.unwatch = this.environment.watch((wake) => (wake === 'offline' ? this.goOffline() : this.hurry()));
    this.become({ status: 'connecting', reason: 'requested', attempt: 0 });
    this.hurry();
  }

  disconnect(reason: ConnectionReason = 'disconnected', error?: RealtimeError): void {
    this.isWanted = false;
    this.unwatch?.();
    this.drop(reason);
    if (!this.isWanted) this.become({ status: 'disconnected', reason, attempt: 0 }, error);
  }

  /** The open link is dead, whatever it looks like. */
  abandon(reason: ConnectionReason): void {
    if (this.link === undefined) return;
    this.link.close();
    this.lost({ reason, reconnect: true });
  }

  /** The channels that are wanted have changed. */
  follow(): void {
    this.link?.follow();
  }

  /** Makes the attempt now that is waited for. */
  hurry(): void {
    if (this.isMissing) this.attempt();
  }

  /** Asked for again whenever listeners were called: they may connect, and disconnect. */
  private get isMissing(): boolean {
    return this.isWanted && this.link === undefined && this.opening === undefined;
  }

  private goOffline(): void {
    this.drop('offline');
    if (this.isMissing) this.become({ status: 'disconnected', reason: 'offline', attempt: 0 });
  }

  /** Lets go of everything that is open or waited for. */
  private drop(reason: ConnectionReason): void {
    clearTimeout(this.timer);
    clearTimeout(this.upgradeTimer);
    this.opening?.close();
    const { link } = this;
    this.opening = this.link = undefined;
    link?.close();
    if (link !== undefined) this.traffic.onLost(reason);
  }

  private attempt(): void {
    clearTimeout(this.timer);
    if (!this.environment.isOnline()) return this.goOffline();
    const { retryAt: _, ...state } = this.state.value;
    this.state.set({ ...state, status: 'connecting' });
    if (this.isMissing) this.open(this.choice.next());
  }

  private open(name: TransportName): void {
    this.debug.add('connection', `opening ${name}`);
    const { traffic } = this;
    const request = { channels: () => traffic.wanted(), positions: traffic.positions, resume: this.resume };
    this.opening = new Opening(name, this.options, request, this.listener(name));
  }

  private listener(name: TransportName): OpeningListener {
    const { traffic, debug } = this;
    return {
      onOpen: (link, { sid, previous }, token) => {
        debug.add('connection', `${name} is open`, { sid, previous });
        this.opened(link, sid, token);
      },
      prepare: () => traffic.prepare(),
      onExpiring: () => traffic.onExpiring(),
      onStart: (channel, outcome) => traffic.onStart(channel, outcome),
      onEvents: (envelopes, positions) => traffic.onEvents(envelopes, positions),
      onGap: (gap) => traffic.onGap(gap),
      onControl: (control) => {
        debug.add('connection', control);
        if (control !== 'drain') this.state.set({ ...this.state.value, degraded: control === 'degraded' });
      },
      onFail: (end) => this.failed(name, end),
      onEnd: (end) => this.lost(end),
    };
  }

  /** Takes the place of one that was open before, in the same breath: nothing is lost, or heard twice. */
  private opened(link: Link, sid: string | null, token: string | undefined): void {
    const before = this.link;
    this.opening = undefined;
    this.link = link;
    this.hasTriedFreshToken = false;
    this.choice.opened(link.transport);
    before?.retire();
    const reason = this.hasBeenOpen ? 'resumed' : 'opened';
    this.hasBeenOpen = true;
    // Whoever hears that it is connected can use it.
    this.traffic.onLink(link, token);
    if (this.link !== link) return;
    this.become({ status: 'connected', reason, transport: link.transport, sid, attempt: 0 });
    this.planUpgrade();
  }

  private planUpgrade(): void {
    clearTimeout(this.upgradeTimer);
    const delayMs = this.link?.transport === 'sse' ? this.choice.upgradeDelayMs() : undefined;
    if (delayMs !== undefined) this.upgradeTimer = setTimeout(() => this.open('websocket'), delayMs);
  }

  private failed(name: TransportName, end: LinkEnd): void {
    this.opening = undefined;
    const isTransport = end.reason === 'transport_lost';
    if (isTransport) this.choice.failed(name);
    // It was to take the place of one that goes on.
    if (this.link !== undefined) return this.planUpgrade();
    if (isTransport && name === 'websocket' && this.choice.next() === 'sse') return this.open('sse');
    this.comeBack(end);
  }

  private lost(end: LinkEnd): void {
    this.link = undefined;
    clearTimeout(this.upgradeTimer);
    this.opening?.close();
    this.opening = undefined;
    this.traffic.onLost(end.reason);
    this.comeBack(end);
  }

  private comeBack(end: LinkEnd): void {
    this.debug.add('connection', 'ended', end);
    if (!this.isMissing) return;
    const error = end.error && toError(end.error);
    if (!end.reconnect && !this.mayTryAnotherProof(end)) return this.disconnect(end.reason, error);
    const { retryBaseMs: baseMs, retryMaxMs: maxMs } = this.options;
    const { attempt } = this.state.value;
    const delayMs = retryDelayMs(attempt, { baseMs, maxMs, adviceMs: end.retryAfterMs });
    const retryAt = Date.now() + delayMs;
    this.timer = setTimeout(() => this.attempt(), delayMs);
    this.become({ status: 'connecting', reason: end.reason, attempt: attempt + 1, retryAt }, error);
  }

  /**
   * What was refused may only have run out: it is tried once more without the resume token, and with a fresh token where a function
   * gets it. Without an error it is no refusal, but the word not to come back.
   */
  private mayTryAnotherProof({ reason, error }: LinkEnd): boolean {
    const { token } = this.resume;
    delete this.resume.token;
    if (reason !== 'unauthenticated' || error === undefined) return false;
    if (token === undefined && !isRenewable(this.options.token)) return false;
    const isFirst = !this.hasTriedFreshToken;
    this.hasTriedFreshToken = true;
    return isFirst;
  }

  private become(state: Omit<ConnectionState, 'degraded' | 'error'>, error?: RealtimeError): void {
    this.debug.add('connection', `${state.status}: ${state.reason}`);
    this.state.set({ ...state, degraded: false, ...(error === undefined ? {} : { error }) });
  }
}

export function idleState(): Store<ConnectionState> {
  return new Store<ConnectionState>({ status: 'disconnected', reason: 'idle', attempt: 0, degraded: false });
}
