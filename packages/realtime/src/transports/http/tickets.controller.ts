import { Controller, Header, HttpCode, Inject, Post, Req, Res, UseFilters } from '@nestjs/common';
import { isSubscribableName, MAX_CHANNELS_PER_STREAM, RealtimeError } from '@nestwire/protocol';
import { PolicyRegistry } from '../../channels/policy-registry.js';
import type { ResolvedOptions } from '../../realtime.options.js';
import { REALTIME_OPTIONS } from '../../realtime.tokens.js';
import { IdentityService } from '../../sessions/identity.service.js';
import { type AnyRequest, type AnyResponse, rawRequest } from '../../sessions/raw-http.js';
import { RealtimeTickets } from '../../sessions/tickets.service.js';
import { assertNotCrossSite } from './cross-site.js';
import { readJsonBody } from './json-body.js';
import { RealtimeExceptionFilter } from './realtime-exception.filter.js';

/** `POST /realtime/tickets` `{channels}`: what opens a stream where neither cookies nor headers can go. */
@Controller()
@UseFilters(RealtimeExceptionFilter)
export class TicketsController {
  constructor(
    private readonly tickets: RealtimeTickets,
    private readonly identities: IdentityService,
    private readonly policies: PolicyRegistry,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  @Post('tickets')
  @HttpCode(201)
  @Header('Cache-Control', 'no-store')
  async issue(
    @Req() request: AnyRequest,
    @Res({ passthrough: true }) response: AnyResponse,
  ): Promise<{ ticket: string; expiresAt: number }> {
    const raw = rawRequest(request);
    assertNotCrossSite(raw);
    const identity = await this.identities.resolve({ request: raw, transport: 'http', response });
    const channels = parseChannels(await readJsonBody(request, this.options.limits.maxMessageBytes));
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
