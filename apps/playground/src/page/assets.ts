import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NestExpressApplication } from '@nestjs/platform-express';

const require = createRequire(import.meta.url);

/** The page's files, as they are: there is no build. */
export const PUBLIC_FOLDER = fileURLToPath(new URL('../../public/', import.meta.url));

/** Browsers ask each time whether a file has changed. */
const OPTIONS = { index: false, cacheControl: false, setHeaders: noCache } as const;

/** Serves the page's files, and the chart library from where npm has put it. */
export function serveAssets(app: NestExpressApplication): void {
  app.useStaticAssets(PUBLIC_FOLDER, OPTIONS);
  app.useStaticAssets(dirname(require.resolve('uplot')), { ...OPTIONS, prefix: '/vendor/uplot/' });
}

function noCache(response: { setHeader(name: string, value: string): unknown }): void {
  response.setHeader('Cache-Control', 'no-cache');
}
