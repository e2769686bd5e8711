import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import type { Backend } from '../backend/backend.js';
import { NodeDirectory } from '../backend/node-directory.js';
import { Counters } from '../observability/counters.js';
import type { ResolvedOptions } from '../realtime.options.js';
import { REALTIME_BACKEND, REALTIME_OPTIONS } from '../realtime.tokens.js';
import type { Identity } from '../sessions/identity.js';
import { addressKey, ClientAddresses, isLoopback } from './client-addresses.js';
import { ClientBreakers, type Settle } from './client-breakers.js';
import { identityKeys, offenderKey } from './client-keys.js';
import { HeldSlots } from './held-slots.js';
import { overLimit } from './over-limit.js';
import { Penalties } from './penalties.js';
import { SharedRate } from './shared-rate.js';

const REPEAT_INTERVAL_MS = 60_000;
/** When to try again where all slots are taken, in milliseconds: they are freed when others leave. */
const SLOT_RETRY_MS = 10_000;

/** A connection's place; what is taken for it is given back when it ends. */
export interface Slot {
  /** Any number of times. */
  readonly release: () => void;
  /** How the connection went; where it is not said, it went well. */
  readonly settle: Settle;
}

const nothing = (): void => undefined;

/** The place of somebody whom nothing counts. */
const UNCOUNTED: Slot = { release: nothing, settle: nothing };

/** Who may open another connection: first by address, before anything costs anything, then by whose it is. */
@Injectable()
export class ConnectionLimits implements OnModuleInit, OnModuleDestroy {
  private readonly slots: HeldSlots;
  private readonly attempts: SharedRate;
  private timer: NodeJS.Timeout | undefined;
  private stopListening: (() => void) | undefined;

  constructor(
    private readonly addresses: ClientAddresses,
    private readonly penalties: Penalties,
    private readonly breakers: ClientBreakers,
    private readonly counters: Counters,
    nodes: NodeDirectory,
    @Inject(REALTIME_BACKEND) private readonly backend: Backend,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
  ) {
    this.slots = new HeldSlots(backend.limits, nodes);
    this.attempts = new SharedRate('attempts', options.limits.attemptsPerSecondPerIp, backend.limits);
  }

  onModuleInit(): void {
    this.timer = setInterval(() => this.slots.repeat(), REPEAT_INTERVAL_MS).unref();
    this.stopListening = this.backend.onAvailability((now) => now === 'available' && this.slots.repeat());
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.stopListening?.();
    this.attempts.stop();
  }

  /** What limits by address count a request under; undefined where they do not apply. */
  addressOf(request: IncomingMessage): string | undefined {
    const address = this.addresses.of(request);
    if (address === undefined || (isLoopback(address) && !this.options.limits.limitLoopback))
      return undefined;
    return addressKey(address);
  }

  /** The same, loopback addresses included: for who has no connection to be counted under. */
  anyAddressOf(request: IncomingMessage): string | undefined {
    const address = this.addresses.of(request);
    return address && addressKey(address);
  }

  /** Counts an attempt. @throws RealtimeError `rate_limited` */
  async attempt(request: IncomingMessage): Promise<void> {
    const address = this.addressOf(request);
    if (address !== undefined) await this.attemptFrom(address);
  }

  /** Counts an attempt, and takes a place for its address. @throws RealtimeError `rate_limited` */
  async enter(request: IncomingMessage): Promise<() => void> {
    const address = this.addressOf(request);
    if (address === undefined) return nothing;
    await this.attemptFrom(address);
    await this.assertWelcome([`ip:${address}`]);
    return this.take('connections_per_ip', `ip:${address}`, this.options.limits.maxConnectionsPerIp);
  }

  /** Takes a place for whose connection it is. @throws RealtimeError `rate_limited` */
  async admit(request: IncomingMessage, identity: Identity): Promise<Slot> {
    await this.assertWelcome(identityKeys(identity));
    const offender = offenderKey(identity, this.addressOf(request));
    const taken: (() => void)[] = [];
    const release = (): void => taken.splice(0).forEach((free) => free());
    try {
      for (const [limit, key, most] of this.limitsOf(identity)) taken.push(await this.take(limit, key, most));
      if (offender === undefined && taken.length === 0) return UNCOUNTED;
      const settle = offender === undefined ? nothing : this.breakers.admit(offender);
      return { release: () => (settle(true), release()), settle };
    } catch (error) {
      release();
      throw error;
    }
  }

  private async attemptFrom(address: string): Promise<void> {
    const retryAfterMs = await this.attempts.spend(`ip:${address}`);
    if (retryAfterMs > 0) throw this.refusal('attempts', 'too many attempts from your address', retryAfterMs);
  }

  private limitsOf({
    principal,
    session,
  }: Identity): ['connections_per_session' | 'connections_per_user', string, number][] {
    const { maxConnectionsPerSession, maxConnectionsPerUser } = this.options.limits;
    return [
      ...(session === null
        ? []
        : [['connections_per_session', `session:${session.sid}`, maxConnectionsPerSession] as const]),
      ...(principal.userId === undefined
        ? []
        : [['connections_per_user', `user:${principal.userId}`, maxConnectionsPerUser] as const]),
    ].map(([limit, key, most]) => [limit, key, most]);
  }

  private async assertWelcome(keys: readonly string[]): Promise<void> {
    try {
      await this.penalties.assertNone(keys);
    } catch (error) {
      this.counters.limited.penalty += 1;
      throw error;
    }
  }

  private async take(
    limit: 'connections_per_ip' | 'connections_per_session' | 'connections_per_user',
    key: string,
    most: number,
  ): Promise<() => void> {
    const release = await this.slots.take(`connections:${key}`, most);
    if (release !== undefined) return release;
    throw this.refusal(limit, `${most} connections are open already`, SLOT_RETRY_MS);
  }

  private refusal(limit: keyof Counters['limited'], what: string, retryAfterMs: number): Error {
    this.counters.limited[limit] += 1;
    return overLimit(what, retryAfterMs);
  }
}
