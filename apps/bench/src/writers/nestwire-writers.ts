import 'reflect-metadata';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RealtimeBroadcaster, RealtimeModule, RealtimeState } from '@nestwire/realtime';
import { redisBackend } from '@nestwire/redis';
import { messageOf } from '../message.js';
import { CHANNELS, type DocumentSize, fieldName, fieldValue, newFields, type Writer } from './writer.js';

/** Most fields that one patch puts there. */
const FIELDS_AT_ONCE = 200;

async function publisher(url: string): Promise<Writer> {
  const realtime = (await start(url)).get(RealtimeBroadcaster);
  return { write: (index) => realtime.publish(`bench:${index % CHANNELS}`, 'message', messageOf(index)) };
}

async function keyedPublisher(url: string): Promise<Writer> {
  const realtime = (await start(url)).get(RealtimeBroadcaster);
  return {
    write: (index) =>
      realtime.publish(`bench:${index % CHANNELS}`, 'message', messageOf(index), {
        idempotencyKey: `key-${index}`,
      }),
  };
}

async function burstPublisher(url: string): Promise<Writer> {
  const realtime = (await start(url)).get(RealtimeBroadcaster);
  return { write: (index) => realtime.publish('bench:0', 'message', messageOf(index)) };
}

async function patcher(url: string, size: DocumentSize): Promise<Writer> {
  const state = (await start(url)).get(RealtimeState);
  return {
    async prepare() {
      const fields = Object.entries(newFields(size));
      for (let i = 0; i < fields.length; i += FIELDS_AT_ONCE)
        await state.patch('bench', Object.fromEntries(fields.slice(i, i + FIELDS_AT_ONCE)));
    },
    write: (index) => state.patch('bench', { [fieldName(index)]: fieldValue(index) }),
  };
}

async function start(url: string): Promise<INestApplicationContext> {
  @Module({ imports: [RealtimeModule.forRoot({ backend: redisBackend({ url }) })] })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
  await app.init();
  return app;
}

export const NESTWIRE_WRITERS = { publisher, keyedPublisher, burstPublisher, patcher };
