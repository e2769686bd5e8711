import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Origins } from './origins.js';

/** Answers are data for programs: nothing keeps them, guesses what they are, shows them as a page, or tells others of their address. */
const SECURITY_HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
};

const ALLOWED_METHODS = 'GET, POST, PATCH';
const ALLOWED_HEADERS = 'Authorization, Content-Type, If-Match, If-None-Match, Last-Event-ID, X-Session-Id';
const EXPOSED_HEADERS = 'ETag, Retry-After, X-Session-Id';
/** Browsers ask again after two hours at most. */
const PREFLIGHT_SECONDS = 7_200;

/** Puts the headers on every answer of our routes that browsers go by, and answers preflights of listed origins. */
@Injectable()
export class HttpHeadersMiddleware implements NestMiddleware<IncomingMessage, ServerResponse> {
  constructor(private readonly origins: Origins) {}

  use(request: IncomingMessage, response: ServerResponse, next: () => void): void {
    for (const [name, value] of Object.entries(SECURITY_HEADERS))
      if (!response.hasHeader(name)) response.setHeader(name, value);
    const { origin } = request.headers;
    if (!this.origins.isListed(origin)) return next();
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Access-Control-Allow-Credentials', 'true');
    response.setHeader('Access-Control-Expose-Headers', EXPOSED_HEADERS);
    response.appendHeader('Vary', 'Origin');
    if (isPreflight(request)) preflight(response);
    else next();
  }
}

function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

function preflight(response: ServerResponse): void {
  response.writeHead(204, {
    'Access-Control-Allow-Methods': ALLOWED_METHODS,
    'Access-Control-Allow-Headers': ALLOWED_HEADERS,
    'Access-Control-Max-Age': PREFLIGHT_SECONDS,
  });
  response.end();
}
