import 'reflect-metadata';
import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

/** Starts an application on the platform that `PLATFORM` names; answers its address. */
export async function start(
  module: Type | DynamicModule,
  prepare?: (app: INestApplication) => void,
): Promise<string> {
  const adapter = process.env.PLATFORM === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = await NestFactory.create(module, adapter, { logger: ['error', 'warn'] });
  prepare?.(app);
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  return app.getUrl();
}
