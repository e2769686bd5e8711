import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { prefork } from '@nestwire/realtime/prefork';
import cluster from 'node:cluster';

const port = Number(process.env['PORT'] ?? 3000);
const workers = process.env['WORKERS'] === undefined ? undefined : Number(process.env['WORKERS']);

await prefork(
  async () => {
    // Loaded here, so that the primary, which only watches over the workers, does without it.
    const { AppModule } = await import('./app.module.js');
    // Browsers open connections in advance; without this, closing would wait for those that were never used.
    const app = await NestFactory.create(AppModule, { forceCloseConnections: true });
    await app.listen(port);
    return app;
  },
  { workers },
);
if (cluster.isPrimary) console.log(`ready on http://localhost:${port}`);
