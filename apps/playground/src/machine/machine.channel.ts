import { type ChannelPolicy, RealtimeChannel } from '@nestwire/realtime';

/** The only machine here. A name of our own: who looks at the page need not know what the host is called. */
export const MACHINE_CHANNEL = 'machine:local';

/**
 * Load and memory of a machine; anybody may look. Its log is kept short, so that a longer cut shows what happens to those who
 * come back too late.
 */
@RealtimeChannel('machine:{host}', { history: { size: 30, ttlMs: 60_000 } })
export class MachineChannel implements ChannelPolicy {
  canSubscribe(): boolean {
    return true;
  }
}
