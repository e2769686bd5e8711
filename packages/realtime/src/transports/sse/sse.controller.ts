import { Controller, Get, Req, Res } from '@nestjs/common';
import type { RealtimeError } from '@nestwire/protocol';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { ClientAddresses } from '../../limits/client-addresses.js';
import { type AnyRequest, rawRequest } from '../../sessions/raw-http.js';
import { StreamRequestTooLarge } from './sse-request.js';
import { type Refusal, SseStreams, STREAM_HEADERS, writeStreamHead } from './sse-streams.service.js';

/** A reply of Fastify: it must be told that the response is ours. */
interface FastifyReply {
  readonly raw: ServerResponse;
  header(name: string, value: string): unknown;
  hijack(): void;
  getHeaders(): OutgoingHttpHeaders;
}

/** `GET /realtime/sse`; Nest routes HEAD here too. */
@Controller()
export class SseController {
  constructor(
    private readonly streams: SseStreams,
    private readonly addresses: ClientAddresses,
  ) {}

  @Get('sse')
  async stream(@Req() request: AnyRequest, @Res() reply: ServerResponse | FastifyReply): Promise<void> {
    const isFastify = 'hijack' in reply;
    if (isFastify) reply.hijack();
    const response = isFastify ? reply.raw : reply;
    const headers = isFastify ? () => reply.getHeaders() : () => ({});
    const raw = rawRequest(request);
    this.addresses.note(request);
    if (raw.method === 'HEAD') return void response.writeHead(200, { ...headers(), ...STREAM_HEADERS }).end();
    const refusal = await this.streams.open(raw, response, headers, reply);
    if (refusal !== undefined) return refuse(response, refusal, headers());
    // What Express's router needs to go on to other handlers, which it keeps on the request.
    if (!isFastify) Object.assign(raw, { next: undefined });
  }
}

function refuse(response: ServerResponse, refusal: Refusal, headers: OutgoingHttpHeaders): void {
  if (response.destroyed || response.headersSent) return;
  if ('status' in refusal) return void response.writeHead(refusal.status, headers).end();
  if ('retryMs' in refusal) {
    writeStreamHead(response, headers);
    return void response.end(`retry: ${refusal.retryMs}\n\n`);
  }
  const { error } = refusal;
  const body = JSON.stringify({ error: error.toBody() });
  response.writeHead(statusOf(error), {
    ...headers,
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
  });
  response.end(body);
}

function statusOf(error: RealtimeError): number {
  return error instanceof StreamRequestTooLarge ? 414 : error.status;
}
