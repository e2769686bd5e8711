import type { Envelope, Gap, Positions, SubscriptionOutcome } from '@nestwire/protocol';
import { BY_ITSELF } from '../channels/by-itself.js';
import type { ConnectionReason, ConnectionState } from '../connection/connection-state.js';
import type { Connector, Traffic } from '../connection/connector.js';
import type { Link } from '../transports/link.js';
import type { SentState, ToHost, ToMember } from './messages.js';
import { weightOf } from './messages.js';
import type { TabPlatform, TabPort } from './platform.js';
import { SharedChannel } from './shared-channel.js';

/** A tab that is so many events behind does not read: it is forgotten, and joins again when it does. */
const MAX_BEHIND = 10_000;

interface Member {
  readonly port: TabPort;
  positions: Positions;
  /** What was posted and is not acknowledged, as {@link weightOf} counts. */
  behind: number;
}

/** The leader's side: one connection, for all tabs of a group. */
export class Host implements Traffic {
  readonly id = crypto.randomUUID();
  readonly positions: Positions = {};
  /** With which the link was opened. */
  token: string | undefined;
  private readonly members = new Map<string, Member>();
  private readonly channels = new Map<string, SharedChannel>();
  private readonly inbox: TabPort;
  private readonly connector: Connector;
  private isOver = false;

  constructor(
    private readonly group: string,
    private readonly platform: TabPlatform,
    connect: (traffic: Traffic) => Connector,
    /** The leader's own: where it was, and what keeps the connection well. */
    private readonly own: Pick<Traffic, 'positions' | 'prepare' | 'onExpiring'>,
  ) {
    for (const [channel, position] of Object.entries(own.positions))
      if (BY_ITSELF.test(channel)) this.positions[channel] = position;
    this.inbox = platform.open(`${group}:host`, (message) => this.hear(message as ToHost));
    this.connector = connect(this);
    this.connector.state.subscribe((state) => this.tellAll({ type: 'state', state: toSent(state) }));
    const all = platform.open(`${group}:all`);
    all.post({ host: this.id });
    all.close();
    this.connector.connect();
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.inbox.close();
    for (const { port } of this.members.values()) port.close();
    // They hear of the next leader, not that this one disconnects.
    this.members.clear();
    this.connector.disconnect();
  }

  wanted(): ReadonlySet<string> {
    return new Set(
      [...this.channels]
        .filter(([name, { phase }]) => phase !== 'none' && !BY_ITSELF.test(name))
        .map(([name]) => name),
    );
  }

  prepare(): Promise<void> {
    return this.own.prepare();
  }

  /** Only the leader knows the token that the link was opened with. */
  onExpiring(): void {
    this.own.onExpiring();
  }

  onLink(link: Link, token: string | undefined): void {
    this.token = token;
    this.channels.clear();
    for (const id of this.members.keys()) this.handLink(id, link);
  }

  onLost(reason: ConnectionReason): void {
    this.channels.clear();
    this.tellAll({ type: 'lost', reason });
  }

  onStart(name: string, outcome: SubscriptionOutcome): void {
    const channel =
      this.channels.get(name) ?? (BY_ITSELF.test(name) ? this.followedByItself(name) : undefined);
    if (channel === undefined) return;
    channel.started(outcome);
    this.place(name, channel.position);
    this.settle(name, channel);
  }

  onEvents(envelopes: readonly Envelope[], positions: Positions): void {
    for (const [name, position] of Object.entries(positions)) {
      const channel = this.channels.get(name);
      if (channel?.phase !== 'running') continue;
      channel.position = position;
      this.place(name, position);
    }
    for (const id of this.members.keys()) this.handEvents(id, envelopes, positions);
  }

  onGap(gap: Gap): void {
    const channel = this.channels.get(gap.channel);
    if (channel === undefined) return;
    channel.lose(gap.position);
    this.place(gap.channel, channel.position);
    for (const id of channel.places.keys()) this.tell(id, { type: 'gap', gap });
  }

  private hear(message: ToHost): void {
    if (this.isOver) return;
    if (message.type === 'join') return this.join(message.from, message.positions);
    if (message.to !== this.id) return;
    const member = this.members.get(message.from);
    if (member === undefined) return message.type === 'leave' ? undefined : this.dismiss(message.from);
    switch (message.type) {
      case 'follow':
        return this.follow(message.from, new Map(message.wanted));
      case 'command':
        return this.run(message.from, message.call, (link) => link.send(message.command));
      case 'renew':
        return this.run(message.from, message.call, (link) => link.renew(message.token));
      case 'abandon':
        return this.connector.abandon(message.reason);
      case 'connect':
        return this.connector.connect();
      case 'hurry':
        return this.connector.hurry();
      case 'leave':
        return this.forget(message.from);
      case 'ack':
        member.behind -= message.weight;
    }
  }

  private join(id: string, positions: Positions): void {
    const isNew = !this.members.has(id);
    this.forget(id);
    this.members.set(id, { port: this.platform.open(`${this.group}:${id}`), positions, behind: 0 });
    // The lock is the tab's as long as it lives.
    if (isNew) void this.platform.lock(`${this.group}:${id}`, {}, async () => this.forget(id));
    // Whoever hears that it is connected can use it.
    if (this.connector.link !== undefined) this.handLink(id, this.connector.link);
    this.tell(id, { type: 'state', state: toSent(this.connector.state.value) });
  }

  private handLink(id: string, { transport, scope, followed }: Link): void {
    this.tell(id, { type: 'link', transport, scope, followed });
    for (const [name, channel] of this.channels)
      if (BY_ITSELF.test(name)) {
        this.add(id, name, channel, this.members.get(id)?.positions[name]);
        channel.giveUp();
      }
  }

  private followedByItself(name: string): SharedChannel {
    const channel = new SharedChannel(name);
    this.channels.set(name, channel);
    for (const [id, { positions }] of this.members) this.add(id, name, channel, positions[name]);
    channel.position = this.positions[name];
    return channel;
  }

  private follow(id: string, wanted: ReadonlyMap<string, string | undefined>): void {
    for (const [name, channel] of this.channels) {
      if (wanted.has(name) || BY_ITSELF.test(name) || !channel.places.delete(id)) continue;
      this.settle(name, channel);
    }
    for (const [name, position] of wanted) {
      const channel = this.channels.get(name) ?? new SharedChannel(name);
      this.channels.set(name, channel);
      if (!channel.places.has(id)) this.add(id, name, channel, position);
    }
    for (const [name, channel] of this.channels) this.settle(name, channel);
  }

  private add(id: string, name: string, channel: SharedChannel, position: string | undefined): void {
    channel.add(id, position, (outcome) => this.tell(id, { type: 'start', channel: name, outcome }));
  }

  /** Starts the channel where somebody waits for that, and ends it where nobody follows any more. */
  private settle(name: string, channel: SharedChannel): void {
    // It cannot be started anew for whoever is behind.
    if (BY_ITSELF.test(name)) return channel.giveUp();
    if (channel.places.size === 0) {
      this.channels.delete(name);
      delete this.positions[name];
      return this.connector.follow();
    }
    if (!channel.needsStart || this.connector.link === undefined) return;
    const isRunning = channel.phase === 'running';
    channel.starting();
    this.place(name, channel.position);
    if (isRunning) this.connector.link.startAnew(name);
    else this.connector.follow();
  }

  private place(name: string, position: string | undefined): void {
    if (position === undefined) delete this.positions[name];
    else this.positions[name] = position;
  }

  private handEvents(id: string, envelopes: readonly Envelope[], positions: Positions): void {
    const taken = envelopes.filter((envelope) => this.channels.get(envelope.c)?.takes(id, envelope));
    const moved = Object.entries(positions).filter(([name, position]) =>
      this.channels.get(name)?.mayMove(id, position),
    );
    for (const [name, position] of moved)
      if (BY_ITSELF.test(name)) this.members.get(id)!.positions[name] = position;
    if (taken.length + moved.length > 0)
      this.tell(id, { type: 'events', envelopes: taken, positions: Object.fromEntries(moved) });
  }

  private run(id: string, call: number, send: (link: Link) => ReturnType<Link['send']>): void {
    const { link } = this.connector;
    if (link === undefined) return this.tell(id, { type: 'reply', call });
    send(link).then(
      (reply) => this.tell(id, { type: 'reply', call, reply }),
      () => this.tell(id, { type: 'reply', call }),
    );
  }

  private tellAll(message: Said): void {
    for (const id of this.members.keys()) this.tell(id, message);
  }

  private tell(id: string, said: Said): void {
    const member = this.members.get(id);
    if (member === undefined) return;
    const message = { host: this.id, ...said } as ToMember;
    member.behind += weightOf(message);
    if (member.behind > MAX_BEHIND) this.forget(id);
    else member.port.post(message);
  }

  private dismiss(id: string): void {
    const port = this.platform.open(`${this.group}:${id}`);
    port.post({ host: this.id, type: 'gone' });
    port.close();
  }

  private forget(id: string): void {
    this.members.get(id)?.port.close();
    if (!this.members.delete(id)) return;
    for (const [name, channel] of this.channels) if (channel.places.delete(id)) this.settle(name, channel);
  }
}

type Said = ToMember extends infer M ? (M extends unknown ? Omit<M, 'host'> : never) : never;

function toSent({ error, ...state }: ConnectionState): SentState {
  return error === undefined ? state : { ...state, error: error.toBody() };
}
