// A node of limits.test.ts, in a process of its own; its argument is the URL of Redis.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type AuthenticationRequest, RealtimeModule } from '@nestwire/realtime';
import { redisBackend } from '@nestwire/redis';

const EXPIRIES: Readonly<Record<string, number>> = { old: 60_000, fresh: 3_600_000 };

/** `ann`, or `ann:fresh`: a user, and how long the token lives. */
function authenticate({ token }: AuthenticationRequest) {
  if (token === undefined) return null;
  const [userId = '', life = 'old'] = token.split(':');
  return { userId, roles: [], claims: { sid: userId }, expiresAt: Date.now() + (EXPIRIES[life] ?? 0) };
}

@Module({
  imports: [
    RealtimeModule.forRoot({
      backend: redisBackend({ url: process.argv[2]! }),
      limits: { maxConnectionsPerUser: 2, commandsPerSecond: 1, maxOverruns: 5, penaltyMs: 20_000 },
      authenticate: { authenticate },
    }),
  ],
})
class App {}

const app = await NestFactory.create(App, { logger: false });
await app.listen(0, '127.0.0.1');
process.stdout.write(`ready ${await app.getUrl()}\n`);
