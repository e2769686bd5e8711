import { Redis } from 'ioredis';
import type { Message } from '../message.js';

const PREFIX = 'feed:';

/** Redis's own pub/sub, as it feeds what has no backend of its own. */
export async function openPubSub(
  redisUrl: string,
  receive: (text: string) => void,
): Promise<(channel: string, message: Message) => Promise<number>> {
  const publisher = new Redis(redisUrl);
  const subscriber = new Redis(redisUrl);
  subscriber.on('pmessage', (_pattern, _channel, text: string) => receive(text));
  await subscriber.psubscribe(`${PREFIX}*`);
  return (channel, message) => publisher.publish(PREFIX + channel, JSON.stringify(message));
}
