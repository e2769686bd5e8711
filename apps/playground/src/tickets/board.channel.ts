import { type ChannelPolicy, type ChannelRequest, RealtimeChannel } from '@nestwire/realtime';

export const BOARD_CHANNEL = 'board:main';

/** What happens to the tickets of a board: for visitors, who have a session. */
@RealtimeChannel('board:{name}', { history: { size: 200, ttlMs: 300_000 } })
export class BoardChannel implements ChannelPolicy {
  canSubscribe({ session }: ChannelRequest): boolean {
    return session !== null;
  }
}
