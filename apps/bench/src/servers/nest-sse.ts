import 'reflect-metadata';
import { Controller, type MessageEvent, Module, Sse } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Observable, Subject } from 'rxjs';
import type { Contender } from './contender.js';
import { listenAs } from './listen.js';
import { openPubSub } from './pub-sub.js';

/** Nest's own `@Sse`, fed from Redis. */
export async function startNestSse(redisUrl: string): Promise<Contender> {
  const events = new Subject<MessageEvent>();
  const publish = await openPubSub(redisUrl, (text) =>
    events.next({ type: 'message', data: JSON.parse(text) as object }),
  );

  @Controller()
  class EventsController {
    @Sse('sse')
    stream(): Observable<MessageEvent> {
      return events;
    }
  }

  @Module({ controllers: [EventsController] })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
  return {
    listen: () => listenAs(app),
    publish,
  };
}
