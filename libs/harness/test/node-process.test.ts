import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type NodeProcessOptions, startNodeProcess, waitFor } from '@nestwire/harness';

const FOR_EVER = 'setInterval(() => {}, 1000);';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nestwire-process-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function fileOf(source: string): Promise<URL> {
  const file = join(directory, 'program.ts');
  await writeFile(file, source);
  return pathToFileURL(file);
}

async function start(source: string, options?: NodeProcessOptions) {
  return startNodeProcess(await fileOf(source), options);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('startNodeProcess', () => {
  it('runs TypeScript with arguments and an environment, and ends it with the block', async () => {
    let pid: number;
    {
      await using started = await start(
        `const words: string[] = [process.argv[2]!, process.env['WORD']!];
         console.log('not ready yet'); console.log('ready ' + words.join(' ')); ${FOR_EVER}`,
        { args: ['hello'], env: { WORD: 'world' } },
      );
      pid = started.pid;
      expect(started).toMatchObject({ ready: 'hello world', end: undefined });
      expect(started.output).toContain('not ready yet');
    }
    expect(isAlive(pid)).toBe(false);
  });

  it('says how it ended, and what its last words were', async () => {
    await using started = await start(
      `console.log('ready'+' '); setTimeout(() => { throw new Error('alas') }, 10);`,
    );
    await waitFor(() => started.end !== undefined, { what: 'the end' });
    expect(started.end).toBe(1);
    expect(started.output).toContain('alas');
  });

  it('dies of a rejection that nobody handles', async () => {
    await using started = await start(
      `console.log('ready '); void Promise.reject(new Error('unheard')); ${FOR_EVER}`,
    );
    await waitFor(() => started.end === 1, { what: 'the end' });
    expect(started.output).toContain('unheard');
  });

  it('is stopped, goes on, and is killed by signals', async () => {
    await using started = await start(`console.log('ready '); ${FOR_EVER}`);
    await started.kill('SIGSTOP');
    await started.kill('SIGCONT');
    expect(started.end).toBeUndefined();
    await started.kill('SIGKILL');
    expect(started.end).toBe('SIGKILL');
  });

  it('tells what was said where it ends before it is ready', async () => {
    await expect(start(`throw new Error('cannot');`)).rejects.toThrow(/before it was ready:.*cannot/s);
  });

  it('is killed when the process that started it is', async () => {
    const program = await fileOf(`console.log('ready ' + process.pid); ${FOR_EVER}`);
    const script = `import { startNodeProcess } from '@nestwire/harness';
      console.log((await startNodeProcess(new URL('${program.href}'))).ready); ${FOR_EVER}`;
    const root = fileURLToPath(new URL('../../../', import.meta.url));
    const flags = ['--import', './tools/ts.mjs', '--conditions=@nestwire/source', '--input-type=module'];
    const parent = spawn(process.execPath, [...flags, '-e', script], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [output] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(output.toString());
    expect(isAlive(pid)).toBe(true);

    parent.kill('SIGKILL');
    await waitFor(() => !isAlive(pid), { what: 'it to end with its parent' });
  });
});
