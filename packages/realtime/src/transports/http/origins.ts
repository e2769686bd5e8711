import { Inject, Injectable } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { RealtimeError } from '@nestwire/protocol';
import { Counters } from '../../observability/counters.js';
import type { ResolvedOptions } from '../../realtime.options.js';
import { REALTIME_OPTIONS } from '../../realtime.tokens.js';
import { isOfTheSameHost, passesUnlisted } from './cross-site.js';

/** Which pages may use the module: those of the same site, or, where there is a list, of the same host and those on it. */
@Injectable()
export class Origins {
  constructor(
    private readonly counters: Counters,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /** Whether there is a list: then nothing else proves that a page may. */
  get isRestricted(): boolean {
    return this.options.origins !== undefined;
  }

  /** True for origins that the application has listed. */
  isListed(origin: string | undefined): origin is string {
    const { origins } = this.options;
    if (origin === undefined || origins === undefined) return false;
    if (typeof origins === 'function') {
      // A promise, of a function that is asynchronous by mistake, is not a yes.
      const answer: unknown = origins(origin);
      return answer === true;
    }
    return origins.some((listed) =>
      typeof listed === 'string' ? listed === origin : matches(listed, origin),
    );
  }

  /** @throws RealtimeError `forbidden` */
  assertAllowed(request: IncomingMessage): void {
    const { headers } = request;
    const { origin } = headers;
    if (this.isListed(origin)) return;
    const isAllowed =
      this.options.origins === undefined || origin === undefined
        ? passesUnlisted(request)
        : isOfTheSameHost(headers);
    if (isAllowed) return;
    this.counters.crossSiteRefused += 1;
    throw new RealtimeError('forbidden', 'not from a page of another site');
  }
}

/** A pattern with the flag `g` remembers where it stopped. */
function matches(pattern: RegExp, origin: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(origin);
}
