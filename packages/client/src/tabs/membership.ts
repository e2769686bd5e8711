import type { Command, Reply } from '@nestwire/protocol';
import type { ConnectionReason } from '../connection/connection-state.js';
import type { Link } from '../transports/link.js';
import { Host } from './host.js';
import { type Announcement, type SentState, type ToHost, type ToMember, weightOf } from './messages.js';
import type { WebLockOptions } from '../environment.js';
import type { TabPort } from './platform.js';
import type { TabOptions } from './tab-options.js';

/** What was taken in is acknowledged when it is as much as this. */
const ACK_WEIGHT = 100;

interface MembershipListener {
  onState(state: SentState): void;
  onLink(link: Link, token: string | undefined): void;
  onLost(reason: ConnectionReason): void;
}

/** What the leader tells of its link. */
type LinkOfHost = Pick<Link, 'transport' | 'scope' | 'followed'>;

type Asked = ToHost extends infer M ? (M extends unknown ? Omit<M, 'from' | 'to'> : never) : never;

/** A tab's part in its group, from `connect()` to `disconnect()`. */
export class Membership {
  private readonly id = crypto.randomUUID();
  private readonly ended = new AbortController();
  private readonly ports: TabPort[];
  private readonly calls = new Map<number, { resolve(reply: Reply): void; reject(error: Error): void }>();
  private readonly unwatch: () => void;
  private nextCall = 1;
  private taken = 0;
  private host: string | undefined;
  private own: Host | undefined;
  private resign: (() => void) | undefined;
  private patience: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly options: TabOptions,
    private readonly listener: MembershipListener,
  ) {
    const { group, platform, environment } = options;
    this.ports = [
      platform.open(`${group}:host`),
      platform.open(`${group}:all`, (message) => this.follow((message as Announcement).host)),
      platform.open(`${group}:${this.id}`, (message) => this.hear(message as ToMember)),
    ];
    // This tab's timers run when the leader's may not: it is looked at.
    this.unwatch = environment.watch((wake) => wake !== 'offline' && this.post({ type: 'hurry' }));
    void this.live();
  }

  post(message: Asked): void {
    if (this.host === undefined || this.ended.signal.aborted) return;
    this.ports[0]!.post({ from: this.id, to: this.host, ...message });
  }

  abandon(reason: ConnectionReason): void {
    this.post({ type: 'abandon', reason });
    this.expectHost();
  }

  end(): void {
    this.post({ type: 'leave' });
    this.ended.abort();
    clearTimeout(this.patience);
    this.unwatch();
    this.lead(undefined);
    this.giveUp();
    for (const port of this.ports) port.close();
  }

  /** Its own lock is the tab's word that it lives; whoever waits for it learns of its end. */
  private async live(): Promise<void> {
    const { group, platform } = this.options;
    const over = new Promise<void>((resolve) => this.ended.signal.addEventListener('abort', () => resolve()));
    void platform.lock(`${group}:${this.id}`, {}, async () => {
      if (this.ended.signal.aborted) return;
      this.join();
      void this.waitForLead({ signal: this.ended.signal });
      await over;
    });
  }

  private async waitForLead(options: WebLockOptions): Promise<void> {
    const { group, platform } = this.options;
    try {
      await platform.lock(group, options, async () => {
        if (this.ended.signal.aborted) return;
        const over = new Promise<void>((resolve) => (this.resign = resolve));
        this.lead(
          new Host(group, platform, (traffic) => this.options.connect(traffic), this.options.traffic),
        );
        await over;
      });
    } catch (error) {
      if (this.ended.signal.aborted) return;
      this.options.debug.add('tabs', 'no longer leads', String(error));
      this.lead(undefined);
      void this.waitForLead({ signal: this.ended.signal });
    }
  }

  private lead(host: Host | undefined): void {
    if (host !== undefined) this.options.debug.add('tabs', 'leads');
    this.own?.end();
    this.own = host;
    if (host === undefined) this.resign?.();
  }

  private join(): void {
    // What it has lost was told, and whoever heard of it may have disconnected.
    if (this.ended.signal.aborted) return;
    this.ports[0]!.post({ from: this.id, type: 'join', positions: { ...this.options.traffic.positions } });
    this.expectHost();
  }

  /** A leader that hangs still has its lock: it is taken away. */
  private expectHost(): void {
    clearTimeout(this.patience);
    this.patience = setTimeout(() => {
      this.options.debug.add('tabs', 'the leader does not answer');
      void this.waitForLead({ steal: true });
    }, this.options.hostTimeoutMs);
  }

  private follow(host: string): void {
    if (host === this.host) return;
    this.lose('transport_lost');
    this.host = host;
    this.join();
  }

  private hear(message: ToMember): void {
    if (this.ended.signal.aborted) return;
    this.host ??= message.host;
    if (message.host !== this.host) return;
    clearTimeout(this.patience);
    const { traffic } = this.options;
    switch (message.type) {
      case 'state':
        this.listener.onState(message.state);
        break;
      case 'link':
        this.begin(message);
        break;
      case 'lost':
        this.lose(message.reason);
        break;
      case 'start':
        traffic.onStart(message.channel, message.outcome);
        break;
      case 'events':
        traffic.onEvents(message.envelopes, message.positions);
        break;
      case 'gap':
        traffic.onGap(message.gap);
        break;
      case 'reply':
        this.answer(message.call, message.reply);
        break;
      case 'gone':
        this.lose('transport_lost');
        return this.join();
    }
    this.acknowledge(weightOf(message));
  }

  private acknowledge(weight: number): void {
    this.taken += weight;
    if (this.taken < ACK_WEIGHT) return;
    this.post({ type: 'ack', weight: this.taken });
    this.taken = 0;
  }

  private begin(link: LinkOfHost): void {
    const isLeader = this.own?.id === this.host;
    this.listener.onLink(this.linkOver(link), isLeader ? this.own?.token : undefined);
    this.followWanted();
  }

  private linkOver({ transport, scope, followed }: LinkOfHost): Link {
    return {
      transport,
      scope,
      followed,
      follow: () => this.followWanted(),
      startAnew: () => this.followWanted(),
      send: (command: Command) => this.ask((call) => ({ type: 'command', call, command })),
      renew: (token: string) => this.ask((call) => ({ type: 'renew', call, token })),
      retire: () => undefined,
      close: () => undefined,
    };
  }

  private followWanted(): void {
    const { traffic } = this.options;
    const wanted = [...traffic.wanted()].map((name) => [name, traffic.positions[name]] as const);
    this.post({ type: 'follow', wanted });
  }

  private ask(message: (call: number) => Asked): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const call = this.nextCall++;
      this.calls.set(call, { resolve, reject });
      this.post(message(call));
    });
  }

  private answer(call: number, reply: Reply | undefined): void {
    const asked = this.calls.get(call);
    this.calls.delete(call);
    if (reply === undefined) asked?.reject(new Error('no answer came'));
    else asked?.resolve(reply);
  }

  private lose(reason: ConnectionReason): void {
    this.listener.onLost(reason);
    this.giveUp();
  }

  private giveUp(): void {
    for (const call of this.calls.keys()) this.answer(call, undefined);
  }
}
