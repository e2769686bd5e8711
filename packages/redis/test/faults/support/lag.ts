import { parseInfo, redisCommand, waitFor } from '@nestwire/harness';
import type { Run } from './run.js';

/**
 * A replica falls behind its master: it is stopped, and what goes to it is cut. Answers what lets it go on, with what it had.
 */
export async function fallBehind(master: number, replica: number): Promise<() => void> {
  const { process_id: pid } = parseInfo(await redisCommand(replica, ['INFO', 'server']));
  process.kill(Number(pid), 'SIGSTOP');
  await redisCommand(master, ['CLIENT', 'KILL', 'TYPE', 'replica']);
  return () => process.kill(Number(pid), 'SIGCONT');
}

/** Waits until so many more events were drawn, or tried in vain where a replica is waited for. */
export async function publishesGoOn(run: Run, events: number, inVain: number): Promise<void> {
  const count = (of: 'drawn' | 'unknown'): number => run.publishers.reduce((sum, each) => sum + each[of], 0);
  const [drawn, unknown] = [count('drawn'), count('unknown')];
  await waitFor(() => count('drawn') >= drawn + events || count('unknown') >= unknown + inVain, {
    timeoutMs: 30_000,
    what: 'publishing to go on',
  });
}
