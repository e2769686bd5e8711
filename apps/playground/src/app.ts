import { ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { serveAssets } from './page/assets.js';
import { serveClient } from './page/client-bundle.js';
import { securityHeaders } from './page/security-headers.js';

/** The playground, ready to listen. */
export async function createApp(): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule, {
    logger: ['warn', 'error', 'fatal'],
    // Otherwise an error ends the process before anybody could say what is wrong in a friendly way.
    abortOnError: false,
  });
  app.disable('x-powered-by');
  app.use(securityHeaders);
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }));
  app.enableShutdownHooks();
  serveAssets(app);
  await serveClient(app);
  return app;
}
