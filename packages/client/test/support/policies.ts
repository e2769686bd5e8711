import { RealtimeChannel, RealtimeDocument } from '@nestwire/realtime';

@RealtimeChannel('open:{name}', { history: { size: 100_000, ttlMs: 60_000 } })
export class OpenChannel {
  canSubscribe(): boolean {
    return true;
  }
  canPublish(): boolean {
    return true;
  }
}

@RealtimeDocument('doc:{id}', { history: { size: 1_000, ttlMs: 60_000 } })
export class OpenDocument {
  canRead(): boolean {
    return true;
  }
  canWrite({ fields }: { fields: readonly string[] }): boolean {
    return !fields.includes('locked');
  }
}
