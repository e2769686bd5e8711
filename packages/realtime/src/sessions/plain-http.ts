import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { Injectable, Logger } from '@nestjs/common';

/** Warns, once, where sessions travel over plain http in production: whoever is on the way can take them. */
@Injectable()
export class PlainHttp {
  private readonly logger = new Logger('Nestwire');
  private isTold = process.env['NODE_ENV'] !== 'production';

  /** To be told of requests that bring a session's secret, or are given one. */
  seen(request: IncomingMessage): void {
    if (this.isTold || isEncrypted(request)) return;
    this.isTold = true;
    this.logger.warn(
      'WARNING: a session travels over plain http in production. Put a proxy with TLS in front; it must say so in X-Forwarded-Proto.',
    );
  }
}

/** By TLS of this process, or as a proxy says that it was: this only silences a warning, so that anybody may claim it. */
function isEncrypted({ socket, headers }: IncomingMessage): boolean {
  const isTls = (socket as TLSSocket).encrypted;
  return isTls || headers['x-forwarded-proto'] === 'https' || /proto=https/i.test(headers.forwarded ?? '');
}
