import {
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  Module,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { map, type Observable, of } from 'rxjs';
import type { MetricsAccess } from '../../src/index.js';
import { bearer } from '../support/known-tokens.js';
import { type AdapterName, type RunningApp, startApp } from '../support/start-app.js';
import { scrape } from './support.js';

const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8';

/** As many applications have one. */
@Injectable()
class Wrap implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

@Injectable()
class Allowed {
  readonly agents = new Set(['prometheus']);
}

/** A guard with a dependency of its own, which answers with an Observable. */
@Injectable()
class AgentGuard implements CanActivate {
  constructor(private readonly allowed: Allowed) {}

  canActivate(context: ExecutionContext): Observable<boolean> {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    return of(this.allowed.agents.has(headers['x-agent'] ?? ''));
  }
}

@Module({ providers: [Allowed, AgentGuard] })
class GuardModule {}

function start(endpoint: MetricsAccess | undefined, adapter: AdapterName = 'express'): Promise<RunningApp> {
  return startApp({
    adapter,
    imports: [GuardModule],
    providers: [{ provide: APP_INTERCEPTOR, useClass: Wrap }],
    options: { metrics: endpoint === undefined ? {} : { endpoint } },
  });
}

describe('GET /realtime/metrics', () => {
  it('is not there unless it is asked for', async () => {
    await using app = await start(undefined);
    const response = await scrape(app);
    expect(response.status).toBe(404);
    expect(await response.text()).not.toContain('nestwire_');
  });

  it.each(['express', 'fastify'] as const)('is for whoever brings the token, on %s', async (adapter) => {
    await using app = await start({ token: 'sesame' }, adapter);
    for (const headers of [{}, bearer('other'), bearer('sesame2'), { authorization: 'Basic sesame' }]) {
      const refused = await scrape(app, headers);
      expect(refused.status).toBe(401);
      expect(await refused.text()).not.toContain('nestwire_');
    }
    const response = await scrape(app, bearer('sesame'));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(PROMETHEUS);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.text()).toMatch(/^# HELP nestwire_connections /);
  });

  it("is for whom the application's own guard lets in", async () => {
    await using app = await start({ guard: AgentGuard });
    expect((await scrape(app)).status).toBe(403);
    expect((await scrape(app, { 'x-agent': 'prometheus' })).status).toBe(200);
  });

  it('takes a guard that is no provider as well', async () => {
    await using app = await start({ guard: { canActivate: () => true } });
    expect((await scrape(app)).status).toBe(200);
  });

  it('is for everybody where that is said', async () => {
    await using app = await start('everybody');
    expect((await scrape(app)).status).toBe(200);
  });

  it.each<[string, unknown]>([
    ['a token that is not set', { token: undefined }],
    ['an empty token', { token: '' }],
    ['a token and a guard', { token: 'sesame', guard: AgentGuard }],
    ['neither', {}],
    ['true', true],
  ])('is not opened by %s: the application does not start', async (_, endpoint) => {
    const started = start(endpoint as MetricsAccess);
    await expect(started).rejects.toThrow(/option "metrics.endpoint" is .*; allowed is/);
    await expect(started).rejects.not.toThrow('sesame');
  });
});
