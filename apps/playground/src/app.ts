import { ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { serveAssets } from './page/assets.js';
import { bundleClient, serveClient } from './page/client-bundle.js';
import { securityHeaders } from './page/security-headers.js';

/** The playground, ready to listen. */
export async function createApp(): Promise<NestExpressApplication> {
  const [app, client] = await Promise.all([
    NestFactory.create<NestExpressApplication>(AppModule, {
      logger: ['warn', 'error', 'fatal'],
      // Otherwise an error ends the process before anybody could say what is wrong in a friendly way.
      abortOnError: false,
    }),
    bundleClient(),
  ]);
  app.disable('x-powered-by');
  app.use(securityHeaders);
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }));
  app.enableShutdownHooks();
  serveAssets(app);
  serveClient(app, client);
  return app;
}
