import { Injectable, type OnModuleInit } from '@nestjs/common';
import { COMMANDS, isEventName, isPublishableName, RealtimeError } from '@nestwire/protocol';
import { createHash } from 'node:crypto';
import { CommandRegistry } from '../commands/command-registry.js';
import type { RealtimeClient } from '../sessions/identity.js';
import { type Published, RealtimeBroadcaster } from './broadcaster.js';
import { PolicyRegistry } from './policy-registry.js';

/** Longest idempotency key of a client, in characters. */
const MAX_KEY_LENGTH = 100;

/** `realtime.publish`: a client publishes itself, where a policy's `canPublish` lets it. */
@Injectable()
export class ChannelCommands implements OnModuleInit {
  constructor(
    private readonly commands: CommandRegistry,
    private readonly broadcaster: RealtimeBroadcaster,
    private readonly policies: PolicyRegistry,
  ) {}

  onModuleInit(): void {
    this.commands.register(COMMANDS.publish, { run: (client, data) => this.publish(client, data) });
  }

  /** `{channel, event, data, idempotencyKey?, correlationId?}`; who receives it is the policy's to say, not the client's. */
  private async publish(client: RealtimeClient, payload: unknown): Promise<Published> {
    const { channel, event, data, idempotencyKey, correlationId } = asObject(payload);
    if (!isPublishableName(channel))
      throw new RealtimeError('bad_request', 'channel: not a name to publish to');
    if (!isEventName(event)) throw new RealtimeError('bad_request', 'event: not a name for an event');
    await this.policies.assertCanPublish(client, channel, event, data);
    return this.broadcaster.publish(channel, event, data, {
      ...scoped(client, optionalText('idempotencyKey', idempotencyKey)),
      ...optionalText('correlationId', correlationId),
    });
  }
}

function asObject(payload: unknown): Record<string, unknown> {
  if (typeof payload === 'object' && payload !== null && !Array.isArray(payload))
    return payload as Record<string, unknown>;
  throw new RealtimeError('bad_request', 'an object is wanted: {channel, event, data}');
}

function optionalText<K extends string>(name: K, value: unknown): Partial<Record<K, string>> {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'string') throw new RealtimeError('bad_request', `${name}: a text is wanted`);
  return { [name]: value } as Record<K, string>;
}

/** A client's keys are its own: otherwise one could take another's, or the server's, and so suppress an event. */
function scoped(
  client: RealtimeClient,
  { idempotencyKey }: { idempotencyKey?: string },
): { idempotencyKey?: string } {
  if (idempotencyKey === undefined) return {};
  if (idempotencyKey === '' || idempotencyKey.length > MAX_KEY_LENGTH) {
    throw new RealtimeError('bad_request', `idempotencyKey: allowed are 1 to ${MAX_KEY_LENGTH} characters`);
  }
  const owner = createHash('sha256')
    .update(client.session?.sid ?? client.principal.userId ?? '')
    .digest('base64url');
  return { idempotencyKey: `client:${owner}:${idempotencyKey}` };
}
