import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type IncomingMessage, type Server, ServerResponse } from 'node:http';

/**
 * Gives each response under Express from the start what Express and Node would give it later. Express puts a prototype of its own under it,
 * and the first property that is new after that makes V8 keep a layout for this one response: a kilobyte for as long as a stream is open.
 */
@Injectable()
export class ExpressResponses implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const http = this.host.httpAdapter;
    if (http?.getType() !== 'express') return;
    const server = http.getHttpServer() as Server;
    server.prependListener('request', (_request: IncomingMessage, response: unknown) => {
      // One of HTTP/2 has setters of its own.
      if (!(response instanceof ServerResponse)) return;
      Object.assign(response, { statusCode: 200, statusMessage: undefined, locals: Object.create(null) });
    });
  }
}
