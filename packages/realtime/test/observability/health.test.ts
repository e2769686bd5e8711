import { Controller, Get, Module } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { waitFor } from '@nestwire/harness';
import { RealtimeHealthIndicator } from '../../src/index.js';
import { flickeringBackend } from '../support/flickering-backend.js';
import { SseClient } from '../support/sse-client.js';
import { startApp } from '../support/start-app.js';

@Controller('health')
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly realtime: RealtimeHealthIndicator,
  ) {}

  @Get('ready')
  @HealthCheck()
  ready() {
    return this.health.check([() => this.realtime.isReady('realtime')]);
  }

  @Get('live')
  @HealthCheck()
  live() {
    return this.health.check([() => this.realtime.isLive()]);
  }
}

@Module({ imports: [TerminusModule.forRoot({ logger: false })], controllers: [HealthController] })
class HealthModule {}

describe('the health indicator', () => {
  it('is down for readiness at once, and up at once, and for liveness only after a while', async () => {
    const backend = flickeringBackend();
    await using app = await startApp({ options: { backend, health: { livenessAfterMs: 100 } } });
    const health = app.nest.get(RealtimeHealthIndicator);
    const up = { status: 'up', backend: 'memory', unavailableMs: 0, draining: false };
    expect(health.check()).toEqual(up);

    backend.become('unavailable');
    expect(health.check('readiness').status).toBe('down');
    expect(health.check('liveness').status).toBe('up');
    await waitFor(() => health.check('liveness').status === 'down');
    expect(health.check('liveness').unavailableMs).toBeGreaterThanOrEqual(100);

    backend.become('available');
    expect(health.isReady()).toEqual({ realtime: up });
    expect(health.isLive('other')).toEqual({ other: up });
  });

  it('counts one absence as one, however often it is told of it', async () => {
    const backend = flickeringBackend();
    await using app = await startApp({ options: { backend, health: { livenessAfterMs: 60 } } });
    const health = app.nest.get(RealtimeHealthIndicator);
    await waitFor(
      () => {
        backend.become('unavailable');
        return health.check('liveness').status === 'down';
      },
      { timeoutMs: 2_000 },
    );
    expect(health.check().unavailableMs).toBeGreaterThanOrEqual(60);
  });

  it('can be told never to fail for liveness', async () => {
    const backend = flickeringBackend();
    await using app = await startApp({ options: { backend, health: { livenessAfterMs: false } } });
    backend.become('unavailable');
    expect(app.nest.get(RealtimeHealthIndicator).check('liveness').status).toBe('up');
  });

  it('is not ready while the node shuts down', async () => {
    await using app = await startApp();
    const health = app.nest.get(RealtimeHealthIndicator);
    using client = await SseClient.connect(app.url, 'open:a');
    const closing = app.close();
    await waitFor(() => health.check('readiness').status === 'down');
    expect(health.check('readiness').draining).toBe(true);
    expect(health.check('liveness').status).toBe('up');
    await closing;
    await client.end();
    expect(client.control('close')).toHaveLength(1);
  });

  it('answers Terminus', async () => {
    const backend = flickeringBackend();
    await using app = await startApp({ imports: [HealthModule], options: { backend } });
    const ask = async (probe: string): Promise<[number, unknown]> => {
      const response = await fetch(`${app.url}/health/${probe}`);
      const { status, error } = (await response.json()) as { status: string; error: object };
      return [response.status, { status, error }];
    };
    expect(await ask('ready')).toEqual([200, { status: 'ok', error: {} }]);

    backend.become('unavailable');
    expect(await ask('ready')).toMatchObject([
      503,
      { status: 'error', error: { realtime: { status: 'down', backend: 'memory' } } },
    ]);
    expect(await ask('live')).toEqual([200, { status: 'ok', error: {} }]);
  });

  it.each([-1, 1.5, 'soon'])('does not take %p for a time', async (livenessAfterMs) => {
    await expect(
      startApp({ options: { health: { livenessAfterMs: livenessAfterMs as number } } }),
    ).rejects.toThrow(/option "health.livenessAfterMs" is/);
  });
});
