import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { channelOf, messageOf } from '../message.js';
import type { Contender } from './contender.js';
import { listenOn } from './listen.js';

/**
 * Publishes what the load asks for, on a connection of its own: each line is a number, up to which messages are published
 * (exclusive). The same for all contenders, and no more than a line per window.
 */
export class Publisher {
  channels = 1;
  bytes: number | undefined;
  failures = 0;
  private next = 0;

  constructor(private readonly contender: Contender) {}

  listen(): Promise<number> {
    const server = createServer((socket) => {
      socket.setNoDelay(true);
      createInterface({ input: socket }).on('line', (line) => this.publishUpTo(Number(line)));
    });
    return listenOn(server);
  }

  private publishUpTo(end: number): void {
    for (; this.next < end; this.next += 1) this.publish(this.next);
  }

  private publish(seq: number): void {
    const message = messageOf(seq, this.bytes);
    const published = this.contender.publish(channelOf(seq, this.channels), message);
    if (published instanceof Promise) published.catch(() => (this.failures += 1));
  }
}
