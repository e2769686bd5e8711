import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import {
  type Fields,
  isSubscribableName,
  RealtimeError,
  RESERVED_CHANNEL_PREFIXES,
} from '@nestwire/protocol';
import type { History } from '../backend/event-log.js';
import { ErrorReporter } from '../observability/error-reporter.js';
import type { ResolvedOptions } from '../realtime.options.js';
import { REALTIME_OPTIONS } from '../realtime.tokens.js';
import type { Identity } from '../sessions/identity.js';
import { SESSION_DOCUMENTS, sessionDocument } from '../sessions/session-document.js';
import { within } from '../within.js';
import { channelMetadata, documentMetadata } from './channel.decorator.js';
import { type DocumentSettings, resolveDocument, resolveHistory } from './document.options.js';
import { ChannelPattern } from './pattern.js';
import type { ChannelPolicy, DocumentPolicy, DocumentRequest } from './policy.js';
import { DocumentShape } from '../state/document-shape.js';
import { toRefusal } from './refusal.js';

interface Rule<Policy, Settings = ChannelSettings> {
  readonly pattern: ChannelPattern;
  readonly policy: Policy;
  readonly settings: Settings;
}

type ChannelSettings = Pick<DocumentSettings, 'history'>;

const { state: STATE } = RESERVED_CHANNEL_PREFIXES;

/**
 * Which policy answers for which channel and document, found by discovery at start-up. Two patterns that fit one name are refused there,
 * so that a name has one policy at most. What no policy opens stays closed.
 */
@Injectable()
export class PolicyRegistry implements OnModuleInit {
  private readonly channels: Rule<ChannelPolicy>[] = [];
  private readonly documents: Rule<DocumentPolicy, DocumentSettings>[] = [];

  private readonly defaults: DocumentSettings;

  constructor(
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
    private readonly discovery: DiscoveryService,
    private readonly errors: ErrorReporter,
  ) {
    this.defaults = resolveDocument('the module', {}, options);
    this.documents.push(this.sessionDocuments());
  }

  async onModuleInit(): Promise<void> {
    const seen = new Set<unknown>();
    for (const { instance, metatype } of this.discovery.getProviders()) {
      if (typeof metatype !== 'function' || !instance || seen.has(instance)) continue;
      seen.add(instance);
      await this.register(metatype as Type, instance as ChannelPolicy & DocumentPolicy);
    }
  }

  /** What a channel keeps. */
  historyOf(channel: string): History {
    if (channel.startsWith(STATE)) return this.documentOf(channel.slice(STATE.length)).history;
    return find(this.channels, channel)?.rule.settings.history ?? this.options.history;
  }

  /** What holds for a document; one that no policy opens has the module's defaults. */
  documentOf(id: string): DocumentSettings {
    return find(this.documents, id)?.rule.settings ?? this.defaults;
  }

  /** True where some documents are saved to the sink. */
  get savesDocuments(): boolean {
    return this.documents.some(({ settings }) => settings.sink !== undefined);
  }

  /** True where the document's policy is to be told that it has expired. */
  hearsOfExpiry(id: string): boolean {
    return find(this.documents, id)?.rule.policy.onExpire !== undefined;
  }

  /** Tells the document's policy that it has expired; rejects as that does. */
  async expired(id: string, fields: Fields): Promise<void> {
    const found = find(this.documents, id);
    await found?.rule.policy.onExpire?.({ id, params: found.params, fields });
  }

  /** The pattern of the documents of that type. @throws Error unless there is exactly one. */
  patternOf(type: Type): ChannelPattern {
    const [rule, ...others] = this.documents.filter(({ settings }) => settings.type === type);
    if (rule !== undefined && others.length === 0) return rule.pattern;
    const many = rule === undefined ? 'no @RealtimeDocument has' : 'several @RealtimeDocument have';
    throw new Error(`Nestwire: ${many} the type ${type.name}; give RealtimeState.for() the pattern`);
  }

  /** @throws RealtimeError `forbidden`, or `unavailable` where the policy itself failed. */
  async assertCanSubscribe(identity: Identity, channel: string): Promise<void> {
    if (!isSubscribableName(channel)) throw refused(channel);
    if (channel.startsWith(STATE)) return this.assertCanRead(identity, channel.slice(STATE.length));
    const found = find(this.channels, channel);
    await this.ask(channel, () =>
      found?.rule.policy.canSubscribe?.({ ...who(identity), channel, params: found.params }),
    );
  }

  /** As {@link assertCanSubscribe}. */
  async assertCanPublish(identity: Identity, channel: string, event: string, data: unknown): Promise<void> {
    const found = find(this.channels, channel);
    const request = { ...who(identity), channel, event, data };
    await this.ask(channel, () => found?.rule.policy.canPublish?.({ ...request, params: found.params }));
  }

  /** As {@link assertCanSubscribe}. */
  async assertCanRead(identity: Identity, id: string): Promise<void> {
    const found = find(this.documents, id);
    await this.ask(STATE + id, () =>
      found?.rule.policy.canRead?.({ ...who(identity), id, params: found.params }),
    );
  }

  /** As {@link assertCanSubscribe}. `fields` are the names of the top-level fields that are set or removed. */
  async assertCanWrite(identity: Identity, id: string, fields: readonly string[]): Promise<void> {
    const found = find(this.documents, id);
    await this.ask(STATE + id, () =>
      found?.rule.policy.canWrite?.({ ...who(identity), id, fields, params: found.params }),
    );
  }

  private async ask(channel: string, question: () => boolean | Promise<boolean> | undefined): Promise<void> {
    let answer: boolean | undefined;
    try {
      answer = await this.inTime(question());
    } catch (error) {
      throw toRefusal(error, (fault) => this.errors.report(fault, { during: 'policy', channel }));
    }
    if (answer !== true) throw refused(channel);
  }

  /** Opened to the session alone. */
  private sessionDocuments(): Rule<DocumentPolicy, DocumentSettings> {
    const isOwn = ({ id, session }: DocumentRequest): boolean =>
      session !== null && id === sessionDocument(session.sid);
    return {
      pattern: new ChannelPattern(SESSION_DOCUMENTS),
      policy: { canRead: isOwn, canWrite: isOwn },
      settings: { ...this.defaults, ttlMs: this.options.sessions.ttlMs },
    };
  }

  /** A policy that hangs must not hang who asks. */
  private inTime<T>(answer: T | Promise<T>): T | Promise<T> {
    if (!(answer instanceof Promise)) return answer;
    const { decisionTimeoutMs } = this.options.limits;
    return within(
      decisionTimeoutMs,
      answer,
      () => new Error(`the policy has not answered in ${decisionTimeoutMs} ms`),
    );
  }

  private async register(type: Type, policy: ChannelPolicy & DocumentPolicy): Promise<void> {
    const channel = channelMetadata(type);
    if (channel !== undefined) {
      const history = resolveHistory(type.name, channel.options.history, this.options);
      add(this.channels, type, { pattern: channel.pattern, policy, settings: { history } });
    }
    const document = documentMetadata(type);
    if (document !== undefined) {
      const resolved = resolveDocument(type.name, document.options, this.options);
      const shape = resolved.type && (await DocumentShape.of(resolved.type, type.name));
      const settings = { ...resolved, ...(shape && { shape }) };
      add(this.documents, type, { pattern: document.pattern, policy, settings });
    }
  }
}

function add<P, S>(rules: Rule<P, S>[], type: Type, rule: Rule<P, S>): void {
  const clash = rules.find(({ pattern }) => pattern.overlaps(rule.pattern));
  if (clash !== undefined) {
    if (clash.pattern.source === SESSION_DOCUMENTS)
      throw new Error(
        `Nestwire: the pattern "${rule.pattern.source}" (${type.name}) fits "${SESSION_DOCUMENTS}", and sessions' own documents are the module's`,
      );
    const names = `"${clash.pattern.source}" and "${rule.pattern.source}"`;
    throw new Error(
      `Nestwire: the patterns ${names} (${type.name}) fit the same name; a channel needs exactly one policy`,
    );
  }
  rules.push(rule);
}

function find<P, S>(
  rules: readonly Rule<P, S>[],
  name: string,
): { rule: Rule<P, S>; params: Readonly<Record<string, string>> } | undefined {
  for (const rule of rules) {
    const params = rule.pattern.match(name);
    if (params !== undefined) return { rule, params };
  }
  return undefined;
}

function who({ principal, session }: Identity): Identity {
  return { principal, session };
}

function refused(channel: string): RealtimeError {
  return new RealtimeError('forbidden', `${channel} is not open to you`);
}
