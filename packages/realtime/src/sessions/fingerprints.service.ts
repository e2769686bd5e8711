import { Inject, Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { addressKey, ClientAddresses } from '../limits/client-addresses.js';
import type { ResolvedOptions } from '../realtime.options.js';
import { REALTIME_OPTIONS } from '../realtime.tokens.js';
import { type AnyRequest, rawRequest } from './raw-http.js';

/** What is stored of a request that a session is bound to, hashed: neither addresses nor browsers are kept. */
@Injectable()
export class Fingerprints {
  private readonly binding: ResolvedOptions['sessions']['binding'];

  constructor(
    private readonly addresses: ClientAddresses,
    @Inject(REALTIME_OPTIONS) { sessions: { binding } }: ResolvedOptions,
  ) {
    this.binding = binding;
  }

  /** Undefined where the request does not say what sessions are bound to, or they are not bound. */
  of(request: AnyRequest): string | undefined {
    this.addresses.note(request);
    const text = this.textOf(rawRequest(request));
    return text === undefined
      ? undefined
      : createHash('sha256').update(`nestwire ${text}`).digest('base64url');
  }

  private textOf(request: IncomingMessage): string | undefined {
    const to = this.binding?.to;
    if (typeof to === 'function') return to(request);
    if (to === 'userAgent') return request.headers['user-agent'] ?? '';
    const address = to === 'ip' ? this.addresses.of(request) : undefined;
    return address && addressKey(address);
  }
}
