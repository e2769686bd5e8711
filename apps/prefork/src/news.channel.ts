import { type ChannelPolicy, RealtimeChannel } from '@nestwire/realtime';

@RealtimeChannel('news:{topic}', { history: { size: 1_000, ttlMs: 60_000 } })
export class NewsChannel implements ChannelPolicy {
  canSubscribe(): boolean {
    return true;
  }
}
