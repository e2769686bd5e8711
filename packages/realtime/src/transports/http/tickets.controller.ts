import { Controller, HttpCode, Inject, Post, Req, Res, UseFilters } from '@nestjs/common';
import { isSubscribableName, MAX_CHANNELS_PER_STREAM, RealtimeError } from '@nestwire/protocol';
import { PolicyRegistry } from '../../channels/policy-registry.js';
import type { ResolvedOptions } from '../../realtime.options.js';
import { REALTIME_OPTIONS } from '../../realtime.tokens.js';
import { IdentityService } from '../../sessions/identity.service.js';
import { type AnyRequest, type AnyResponse, rawRequest } from '../../sessions/raw-http.js';
import { RealtimeTickets } from '../../sessions/tickets.service.js';
import { Origins } from './origins.js';
import { ConnectionLimits } from '../../limits/connection-limits.js';
import { ClientAddresses } from '../../limits/client-addresses.js';
import { readJsonBody } from './json-body.js';
import { RouteExceptionFilter } from './route-exception.filter.js';

/** `POST /realtime/tickets` `{channels}`: what opens a stream where neither cookies nor headers can go. */
@Controller()
@UseFilters(RouteExceptionFilter)
export class TicketsController {
  constructor(
    private readonly tickets: RealtimeTickets,
    private readonly identities: IdentityService,
    private readonly origins: Origins,
    private readonly addresses: ClientAddresses,
    private readonly limits: ConnectionLimits,
    private readonly policies: PolicyRegistry,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  @Post('tickets')
  @HttpCode(201)
  async issue(
    @Req() request: AnyRequest,
    @Res({ passthrough: true }) response: AnyResponse,
  ): Promise<{ ticket: string; expiresAt: number }> {
    const raw = rawRequest(request);
    this.addresses.note(request);
    this.origins.assertAllowed(raw);
    await this.limits.attempt(raw);
    const identity = await this.identities.resolve({ request: raw, transport: 'http', response });
    const channels = parseChannels(await readJsonBody(request, this.options.limits));
    await Promise.all(channels.map((channel) => this.policies.assertCanSubscribe(identity, channel)));
    return this.tickets.issue(identity, channels);
  }
}

function parseChannels(body: unknown): string[] {
  const { channels } = (typeof body === 'object' && body !== null ? body : {}) as { channels?: unknown };
  if (!Array.isArray(channels) || !channels.every(isSubscribableName)) {
    throw new RealtimeError('bad_request', 'channels: a list of channel names is wanted');
  }
  if (channels.length > MAX_CHANNELS_PER_STREAM) {
    throw new RealtimeError('too_large', `a ticket is for at most ${MAX_CHANNELS_PER_STREAM} channels`);
  }
  return [...new Set(channels)];
}
