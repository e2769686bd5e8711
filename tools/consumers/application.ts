import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { waitFor } from '../../libs/harness/src/wait-for.js';
import { JWT_SECRET } from './drive/token.js';
import { endWithUs } from './end-with-us.js';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;

/** A process of a consumer that has told in one line of JSON what there is to know of it. */
export class Application<T> implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcess,
    readonly told: T,
    private readonly output: () => string,
  ) {}

  /** Starts a script of the consumer; `more` is for its environment. */
  static async start<T>(
    folder: string,
    script: string,
    more: Readonly<Record<string, string>>,
  ): Promise<Application<T>> {
    const env = { ...process.env, ...more, JWT_SECRET, NO_COLOR: '1' };
    const child = spawn(process.execPath, [script], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    endWithUs(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    try {
      const told = await waitFor(() => hasEnded(child) || /^\{.*\}$/m.exec(output)?.[0], {
        timeoutMs: START_TIMEOUT_MS,
        what: `${script} to start`,
      });
      if (typeof told !== 'string') throw new Error(`${script} ended by itself`);
      return new Application(child, JSON.parse(told) as T, () => output);
    } catch (error) {
      child.kill('SIGKILL');
      throw new Error(`${(error as Error).message}\n${output}`, { cause: error });
    }
  }

  /** Ends it as an operator does; rejects where it does not go, or goes with an error. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await waitFor(() => hasEnded(this.child), { timeoutMs: STOP_TIMEOUT_MS, what: 'the application to end' });
    const { exitCode, signalCode } = this.child;
    if (signalCode !== 'SIGTERM' && exitCode !== 0) {
      throw new Error(`it ended with ${exitCode ?? signalCode}\n${this.output()}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (hasEnded(this.child)) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
