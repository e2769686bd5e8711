import { startNodeProcess, waitFor } from '@nestwire/harness';
import { isAlive, startPreforked } from './support/app.js';

describe('the processes of a preforked application', () => {
  it('warn where each has a memory of its own, and end with the primary, however it ends', async () => {
    await using app = await startPreforked({ WORKERS: '2' });
    const pids = [...(await app.workerPids(2))];
    expect(app.primary.output.match(/WARNING: the memory backend lives in one process/g)).toHaveLength(2);

    await app.primary.kill('SIGKILL');

    await waitFor(() => !pids.some(isAlive), { what: 'the workers to end' });
  }, 60_000);

  it('all end where none of them can start', async () => {
    const started = startNodeProcess(new URL('support/broken.ts', import.meta.url));
    await expect(started).rejects.toThrow(/It ended with 1 before it was ready:[^]*there is no database/);
  }, 60_000);

  it('end in good order when they are told to before they are up', async () => {
    await using app = await startNodeProcess(new URL('support/told-early.ts', import.meta.url));
    await app.kill('SIGTERM');
    expect(app.end).toBe(0);
    await waitFor(() => app.output.includes('closed'), { what: 'the application to be closed' });
  }, 60_000);
});
