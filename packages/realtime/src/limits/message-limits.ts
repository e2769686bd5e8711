import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type CloseCode, COMMANDS, type ErrorCode } from '@nestwire/protocol';
import type { IncomingMessage } from 'node:http';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Backend } from '../backend/backend.js';
import { Counters } from '../observability/counters.js';
import type { ResolvedOptions } from '../realtime.options.js';
import { REALTIME_BACKEND, REALTIME_OPTIONS } from '../realtime.tokens.js';
import type { Identity } from '../sessions/identity.js';
import { ConnectionLimits } from './connection-limits.js';
import { offenderKey, rateKey } from './client-keys.js';
import { isPlainObject } from './json-guard.js';
import { RATE_WINDOW_MS } from './limit.options.js';
import { overLimit } from './over-limit.js';
import { Penalties } from './penalties.js';
import { consume, SharedRate } from './shared-rate.js';

export type MessageKind = 'commands' | 'publishes' | 'subscriptions';

interface SendingConnection {
  readonly id: string;
  readonly closed: boolean;
  close(code: CloseCode, retryAfterMs?: number): void;
}

/** Who has sent something. */
export interface Sender {
  readonly identity: Identity;
  readonly request: IncomingMessage;
  /** What it came over, or is about. */
  readonly connection: SendingConnection | undefined;
}

interface Rates {
  readonly perConnection: RateLimiterMemory;
  readonly perUser: SharedRate;
}

/** The library's own commands that end in an event. */
const PUBLISHING: ReadonlySet<unknown> = new Set([COMMANDS.publish, COMMANDS.statePatch]);

/** Faults of the client itself; the others may be anybody's. */
const OWN_FAULTS: ReadonlySet<ErrorCode> = new Set([
  'bad_request',
  'too_large',
  'forbidden',
  'unauthenticated',
  'not_found',
]);

/**
 * How much a client may send. What is over a rate is refused; who goes on all the same is closed and kept away for a while,
 * and so is who sends little else than what cannot be done.
 */
@Injectable()
export class MessageLimits implements OnModuleDestroy {
  private readonly rates: Readonly<Record<MessageKind, Rates>>;
  private readonly errors: RateLimiterMemory;
  private readonly overruns: RateLimiterMemory;

  constructor(
    private readonly connections: ConnectionLimits,
    private readonly penalties: Penalties,
    private readonly counters: Counters,
    @Inject(REALTIME_BACKEND) backend: Backend,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
  ) {
    const { limits } = options;
    const rates = (kind: MessageKind, perConnection: number, perUser: number): Rates => ({
      perConnection: perWindow(perConnection),
      perUser: new SharedRate(kind, perUser, backend.limits),
    });
    this.rates = {
      commands: rates('commands', limits.commandsPerSecond, limits.commandsPerSecondPerUser),
      publishes: rates('publishes', limits.publishesPerSecond, limits.publishesPerSecondPerUser),
      subscriptions: rates(
        'subscriptions',
        limits.subscriptionsPerSecond,
        limits.subscriptionsPerSecondPerUser,
      ),
    };
    this.errors = perWindow(limits.errorsPerSecond);
    this.overruns = new RateLimiterMemory({ points: limits.maxOverruns, duration: RATE_WINDOW_MS / 1_000 });
  }

  onModuleDestroy(): void {
    for (const { perUser } of Object.values(this.rates)) perUser.stop();
  }

  /** Counts a command, whatever it is. @throws RealtimeError `rate_limited` */
  async command(sender: Sender, raw: unknown): Promise<void> {
    await this.spend('commands', sender);
    if (isPlainObject(raw) && PUBLISHING.has(raw['command'])) await this.spend('publishes', sender);
  }

  /** Counts a message, or several. @throws RealtimeError `rate_limited` where that is too many. */
  async spend(kind: MessageKind, sender: Sender, points = 1): Promise<void> {
    const retryAfterMs = await this.waitFor(kind, sender, points);
    if (retryAfterMs === 0) return;
    this.counters.limited[kind] += 1;
    await this.overrun(sender);
    throw overLimit(`too many ${kind}`, retryAfterMs);
  }

  /** A message was answered with this error. */
  async failed(code: ErrorCode, sender: Sender): Promise<void> {
    const key = sender.connection?.id ?? this.offender(sender);
    if (!OWN_FAULTS.has(code) || key === undefined) return;
    if (!(await isOver(this.errors, key))) return;
    this.counters.limited.errors += 1;
    this.punish(sender, 'failing');
  }

  private async waitFor(kind: MessageKind, sender: Sender, points: number): Promise<number> {
    const { perConnection, perUser } = this.rates[kind];
    const { connection, identity } = sender;
    const own = connection === undefined ? undefined : await consume(perConnection, connection.id, points);
    if (own !== undefined && own.consumedPoints > perConnection.points) return Math.max(1, own.msBeforeNext);
    const key = rateKey(identity, this.rateAddress(kind, sender));
    return key === undefined ? 0 : perUser.spend(key, points);
  }

  /** A request of nobody's, about no connection, would otherwise have no limit where it comes from the machine itself. */
  private rateAddress(kind: MessageKind, { connection, request }: Sender): string | undefined {
    const isLoose = connection === undefined && kind !== 'subscriptions';
    return isLoose ? this.connections.anyAddressOf(request) : this.connections.addressOf(request);
  }

  private async overrun(sender: Sender): Promise<void> {
    const key = sender.connection?.id ?? this.offender(sender);
    if (key !== undefined && (await isOver(this.overruns, key))) this.punish(sender, 'overruns');
  }

  private punish(sender: Sender, reason: keyof Counters['penalties']): void {
    // What was on its way already is not held against it once more.
    if (sender.connection?.closed) return;
    const { penaltyMs } = this.options.limits;
    const offender = this.offender(sender);
    this.counters.penalties[reason] += 1;
    if (offender !== undefined) this.penalties.impose(offender, penaltyMs);
    sender.connection?.close(reason === 'overruns' ? 'rate_limited' : 'failing', penaltyMs);
  }

  private offender({ identity, request }: Sender): string | undefined {
    return offenderKey(identity, this.connections.addressOf(request));
  }
}

function perWindow(perSecond: number): RateLimiterMemory {
  return new RateLimiterMemory({
    points: (perSecond * RATE_WINDOW_MS) / 1_000,
    duration: RATE_WINDOW_MS / 1_000,
  });
}

async function isOver(limiter: RateLimiterMemory, key: string): Promise<boolean> {
  return (await consume(limiter, key, 1)).consumedPoints > limiter.points;
}
