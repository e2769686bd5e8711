import {
  type ChannelPolicy,
  type ChannelRequest,
  type DocumentPolicy,
  RealtimeChannel,
  RealtimeDocument,
} from '../../src/index.js';

@RealtimeChannel('open:{name}')
export class OpenChannel implements ChannelPolicy {
  canSubscribe(): boolean {
    return true;
  }
}

@RealtimeChannel('staff:{name}')
export class StaffChannel implements ChannelPolicy {
  canSubscribe({ principal }: ChannelRequest): boolean {
    return principal.roles.includes('staff');
  }
}

@RealtimeDocument('doc:{id}')
export class OpenDocument implements DocumentPolicy {
  canRead(): boolean {
    return true;
  }
}
