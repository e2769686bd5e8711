import { spawn } from 'node:child_process';

/**
 * Kills a process and removes its directory, where it has one, when this process ends, however it ends: even `kill -9` closes
 * the pipe that the watchdog reads from. Disposing of the watchdog calls it off.
 */
export function startWatchdog(pid: number, directory = ''): Disposable {
  const watchdog = spawn('sh', ['-c', 'cat; kill -9 "$0"; rm -rf "$1"', String(pid), directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // In a group of its own it outlives a Ctrl-C, which the terminal sends to the whole group of this process.
    detached: true,
  });
  // Neither the watchdog nor its pipe keeps a test run alive.
  watchdog.unref();
  (watchdog.stdin as unknown as { unref(): void }).unref();
  return { [Symbol.dispose]: () => void watchdog.kill('SIGKILL') };
}
