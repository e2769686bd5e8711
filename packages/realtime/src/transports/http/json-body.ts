import type { IncomingMessage } from 'node:http';
import { HttpStatus, UnsupportedMediaTypeException } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { RealtimeError } from '@nestwire/protocol';
import { type AnyRequest, rawRequest } from '../../sessions/raw-http.js';
import { withStatus } from './with-status.js';

/** As much of Fastify as is needed to let a body through to its route. */
interface FastifyLike {
  hasContentTypeParser(type: string): boolean;
  addContentTypeParser(type: string, parser: FastifyParser): unknown;
}

type FastifyParser = (
  request: { readonly routeOptions: { readonly url?: string } },
  payload: unknown,
  done: (error: Error | null, body?: unknown) => void,
) => void;

/**
 * Lets Fastify hand bodies of these media types to our routes, unread; other routes answer 415 as before, and a parser of the
 * application's own stays. Express needs nothing of it. To be called before the server listens.
 */
export function passBodies(
  adapter: AbstractHttpAdapter | undefined,
  types: readonly string[],
  isOurs: (routePath: string) => boolean,
): void {
  if (adapter?.getType() !== 'fastify') return;
  const fastify = adapter.getInstance<FastifyLike>();
  for (const type of types.filter((name) => !fastify.hasContentTypeParser(name))) {
    fastify.addContentTypeParser(type, ({ routeOptions }, _payload, done) =>
      done(
        isOurs(routeOptions.url ?? '')
          ? null
          : new UnsupportedMediaTypeException(`Unsupported Media Type: ${type}`),
      ),
    );
  }
}

export interface BodyLimits {
  readonly maxMessageBytes: number;
}

/**
 * The body as JSON, whether or not a parser of the application has read it before us.
 * @throws RealtimeError `too_large` where it has too many bytes; `bad_request` where it is no JSON, or does not arrive.
 */
export async function readJsonBody(request: AnyRequest, limits: BodyLimits): Promise<unknown> {
  const raw = rawRequest(request);
  const body = raw.readableDidRead
    ? (request as { body?: unknown }).body
    : await readAll(raw, limits.maxMessageBytes);
  return typeof body === 'string' || Buffer.isBuffer(body) ? parse(body.toString()) : body;
}

async function readAll(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  assertNotEncoded(request);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of arriving(request)) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new RealtimeError('too_large', `the body has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Where reading is given up, the rest is let go by, so that the answer gets through and the connection can be used again. */
async function* arriving(request: IncomingMessage): AsyncIterable<Buffer> {
  try {
    yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  } catch (error) {
    throw new RealtimeError('bad_request', 'the body was cut off', { cause: error });
  } finally {
    request.resume();
  }
}

function assertNotEncoded({ headers }: IncomingMessage): void {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return;
  const error = new RealtimeError('bad_request', `a body in ${encoding} cannot be read`);
  throw withStatus(HttpStatus.UNSUPPORTED_MEDIA_TYPE, error);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RealtimeError('bad_request', 'the body is no JSON', { cause: error });
  }
}
