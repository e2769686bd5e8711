import { waitFor } from '@nestwire/harness';

describe('waitFor', () => {
  it("resolves to the condition's first truthy value", async () => {
    const values = [0, undefined, 'ready', 'late'];
    await expect(waitFor(() => values.shift())).resolves.toBe('ready');
    expect(values).toEqual(['late']);
  });

  it('awaits a condition, and asks one that throws again', async () => {
    let looks = 0;
    const condition = async () => {
      looks += 1;
      if (looks < 3) throw new Error('not yet');
      return looks;
    };
    await expect(waitFor(condition)).resolves.toBe(3);
  });

  it('fails after its time with what was waited for and the last value', async () => {
    const wait = waitFor(() => 0, { timeoutMs: 20, what: 'two subscribers' });
    await expect(wait).rejects.toThrow('Waited 20 ms for two subscribers: at last it was 0.');
  });

  it('fails with what was last thrown as its cause', async () => {
    const refusal = new Error('refused');
    const condition = () => {
      throw refusal;
    };
    await expect(waitFor(condition, { timeoutMs: 20 })).rejects.toMatchObject({
      message: 'Waited 20 ms for the condition: at last it threw refused.',
      cause: refusal,
    });
  });

  it('looks once more at the end of its time', async () => {
    const started = performance.now();
    const condition = () => performance.now() - started > 25;
    await expect(waitFor(condition, { timeoutMs: 30, intervalMs: 20 })).resolves.toBe(true);
  });
});
