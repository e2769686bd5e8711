import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Answer, READY } from './serve.js';

export interface WorkerOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Runs the packages from their source, not as they are built. Default false. */
  readonly fromSource?: boolean;
  /** More of Node's own flags. */
  readonly flags?: readonly string[];
}

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const RUN = fileURLToPath(new URL('../../../../tools/run.mjs', import.meta.url));
const ANSWER_TIMEOUT_MS = 120_000;

/** A process of the benchmark: a server, or the load. Ended when it is disposed of. */
export class Worker implements AsyncDisposable {
  private readonly waiting = new Map<number, PromiseWithResolvers<unknown>>();
  private questions = READY;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', ({ id, result, error }: Answer) => {
      const waiting = this.waiting.get(id);
      this.waiting.delete(id);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(error));
    });
    child.once('exit', (code, signal) => {
      for (const { reject } of this.waiting.values())
        reject(new Error(`${child.spawnargs.slice(-2).join(' ')} ended with ${signal ?? code}`));
    });
  }

  /** Starts a file; resolves when it says that it is ready, with what it says. */
  static async start<Ready>(
    file: URL,
    options: WorkerOptions = {},
  ): Promise<{ worker: Worker; ready: Ready }> {
    const { args = [], env = {}, fromSource = false, flags = [] } = options;
    const built = fromSource ? [] : ['--built'];
    const child = fork(RUN, [...built, fileURLToPath(file), ...args], {
      cwd: ROOT,
      execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning', ...flags],
      env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const worker = new Worker(child);
    try {
      return { worker, ready: (await worker.wait(READY, 'to be ready')) as Ready };
    } catch (error) {
      await worker[Symbol.asyncDispose]();
      throw error;
    }
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** @throws Error with what the process says, or where it does not answer within two minutes. */
  ask<Result>(operation: string, argument?: unknown): Promise<Result> {
    const id = (this.questions += 1);
    this.child.send({ id, operation, argument });
    return this.wait(id, operation) as Promise<Result>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  private async wait(id: number, what: string): Promise<unknown> {
    const answered = withResolvers<unknown>();
    this.waiting.set(id, answered);
    const timer = setTimeout(
      () => answered.reject(new Error(`no answer to ${what} within ${ANSWER_TIMEOUT_MS} ms`)),
      ANSWER_TIMEOUT_MS,
    );
    try {
      return await answered.promise;
    } finally {
      clearTimeout(timer);
    }
  }
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

/** Node 20 has none of its own. */
function withResolvers<T>(): PromiseWithResolvers<T> {
  let [resolve, reject]: [(value: T) => void, (reason: unknown) => void] = [() => {}, () => {}];
  const promise = new Promise<T>((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
}
