import assert from 'node:assert/strict';
import type { Backend } from '@nestwire/realtime';
import {
  type ConformanceCase,
  type ConformanceTarget,
  registerConformance,
  runConformance,
} from '../src/index.js';

/** A target whose backends write down what becomes of them. */
function target(journal: string[], withPeer = false): ConformanceTarget {
  const backend = (name: string) =>
    ({
      start: async () => void journal.push(`start ${name}`),
      stop: async () => void journal.push(`stop ${name}`),
    }) as unknown as Backend;
  return {
    backend: backend('one'),
    ...(withPeer ? { peer: backend('other') } : {}),
    patienceMs: 30,
    dispose: async () => void journal.push('dispose'),
  };
}

function suiteOf(...cases: ConformanceCase[]) {
  return { name: 'Port', cases };
}

describe('running a suite', () => {
  it('gives each case a fresh target, started before it and stopped after it', async () => {
    const journal: string[] = [];
    const suite = suiteOf(
      { name: 'a', run: async () => void journal.push('a') },
      { name: 'b', run: async () => void journal.push('b') },
    );
    expect(await runConformance(suite, () => target(journal))).toEqual([]);
    expect(journal).toEqual(['a', 'b'].flatMap((name) => ['start one', name, 'stop one', 'dispose']));
  });

  it('starts and stops the peer too, and a case that fails does not leave them running', async () => {
    const journal: string[] = [];
    const error = new Error('broken');
    const suite = suiteOf({ name: 'a', run: () => Promise.reject(error) });
    expect(await runConformance(suite, () => target(journal, true))).toEqual([{ name: 'a', error }]);
    expect(journal).toEqual(['start one', 'start other', 'stop one', 'stop other', 'dispose']);
  });

  it('goes on after a failure, unless it is to bail', async () => {
    const fails = (name: string): ConformanceCase => ({ name, run: () => Promise.reject(new Error(name)) });
    const suite = suiteOf(fails('a'), fails('b'));
    expect(await runConformance(suite, () => target([]))).toHaveLength(2);
    expect(await runConformance(suite, () => target([]), { bail: true })).toHaveLength(1);
  });

  it('leaves out cases that need what the backend cannot do', () => {
    const suite = suiteOf(
      { name: 'always', run: async () => {} },
      { name: 'with a clock', needs: 'clock', run: async () => {} },
    );
    const register = (options?: Parameters<typeof registerConformance>[3]) => {
      const names: string[] = [];
      const runner = {
        describe: (_: string, define: () => void) => define(),
        it: (name: string) => names.push(name),
      };
      registerConformance(suite, () => target([]), runner, options);
      return names;
    };
    expect(register()).toEqual(['always']);
    expect(register({ capabilities: ['clock'] })).toEqual(['always', 'with a clock']);
  });
});

describe("a case's context", () => {
  async function inContext(run: ConformanceCase['run'], each = target([])): Promise<unknown> {
    const [failure] = await runConformance(suiteOf({ name: 'a', run }), () => each);
    return failure?.error;
  }

  it('takes the backend for its own peer where there is no other', async () => {
    expect(await inContext(async ({ backend, peer }) => assert.equal(peer, backend))).toBeUndefined();
  });

  it('draws names that are never drawn again', async () => {
    const error = await inContext(async ({ uniqueName }) => {
      assert.equal(new Set(Array.from({ length: 1_000 }, uniqueName)).size, 1_000);
    });
    expect(error).toBeUndefined();
  });

  it('lets time pass by the backend’s clock where it has one, else in real time', async () => {
    const advance = import.meta.jest.fn();
    await inContext(({ elapse }) => elapse(86_400_000), { ...target([]), advance });
    expect(advance).toHaveBeenCalledWith(86_400_000);
    const began = performance.now();
    await inContext(({ elapse }) => elapse(30));
    expect(performance.now() - began).toBeGreaterThanOrEqual(25);
  });

  it('tries a check until it passes, or rejects with its last error', async () => {
    let tries = 0;
    const passes = await inContext(({ eventually }) => eventually(() => assert.equal((tries += 1), 3)), {
      ...target([]),
      patienceMs: 5_000,
    });
    expect(passes).toBeUndefined();
    const error = await inContext(({ eventually }) => eventually(() => assert.fail('still not')));
    expect(error).toMatchObject({ message: 'still not' });
  });
});
