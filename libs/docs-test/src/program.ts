import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';

/** A process of an example, and what it has printed so far. */
export interface Program extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly hasEnded: () => boolean;
}

/** Starts a program in a group of its own; disposing of it ends the group. */
export function start(command: string, args: readonly string[], options: SpawnOptions): Program {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...options });
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const closed = once(child, 'close');
  let hasEnded = false;
  void closed.finally(() => (hasEnded = true));
  return {
    child,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    hasEnded: () => hasEnded,
    async [Symbol.asyncDispose]() {
      endGroup(child.pid!);
      await closed;
    },
  };
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
