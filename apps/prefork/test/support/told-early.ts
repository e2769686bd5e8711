import cluster from 'node:cluster';
import { once } from 'node:events';
import { prefork } from '@nestwire/realtime/prefork';

/** Starts only when it has been told to end. */
const started = prefork(
  async () => {
    console.log('ready to be told');
    await once(process, 'message');
    return { close: () => Promise.resolve(console.log('closed')) };
  },
  { workers: 1 },
);
// Hears of the signal after the primary, which passes it on at once.
if (cluster.isPrimary) process.on('SIGTERM', () => void cluster.workers![1]!.send('go on'));
await started;
