import { randomInt } from 'node:crypto';
import type { Session } from '@nestwire/realtime';

const MANNERS = ['Brave', 'Calm', 'Clever', 'Gentle', 'Keen', 'Lucky', 'Merry', 'Nimble', 'Quiet', 'Swift'];
const ANIMALS = ['Badger', 'Crane', 'Finch', 'Fox', 'Heron', 'Lynx', 'Otter', 'Owl', 'Seal', 'Wren'];

/** A name for somebody who has given none: "Calm Heron". */
export function drawName(): string {
  return `${draw(MANNERS)} ${draw(ANIMALS)}`;
}

/** The name that a visitor's session was given. */
export function nameOf({ data }: Session): string {
  return data['name'] as string;
}

function draw(words: readonly string[]): string {
  return words[randomInt(words.length)]!;
}
