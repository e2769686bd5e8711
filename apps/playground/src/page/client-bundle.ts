import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { build } from 'esbuild';
import type { Request, Response } from 'express';

const PREFIX = '/vendor/client/';

/** By name: the client, and what it loads when that is used, such as a transport. */
type Files = ReadonlyMap<string, Uint8Array>;

/** Serves the client to pages, under `/vendor/client/`. */
export function serveClient(app: NestExpressApplication, files: Files): void {
  app.use(PREFIX, (request: Request, response: Response, next: () => void) => {
    const file = files.get(request.path.slice(1));
    if (file === undefined) return next();
    response.type('js').setHeader('Cache-Control', 'no-cache');
    response.send(Buffer.from(file));
  });
}

/** Bundles `@nestwire/client` from its source, cut as an application's bundler would cut it. */
export async function bundleClient(): Promise<Files> {
  const { outputFiles } = await build({
    entryPoints: { client: '@nestwire/client' },
    absWorkingDir: fileURLToPath(new URL('../..', import.meta.url)),
    conditions: ['@nestwire/source'],
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    outdir: PREFIX,
    write: false,
    logLevel: 'warning',
  });
  return new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
}
