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
  private failures = 0;
  private readonly underWay = new Set<Promise<unknown>>();
  private next = 0;

  constructor(private readonly contender: Contender) {}

  listen(): Promise<number> {
    const server = createServer((socket) => {
      socket.setNoDelay(true);
      createInterface({ input: socket }).on('line', (line) => this.publishUpTo(Number(line)));
    });
    return listenOn(server);
  }

  /** Resolves when everything so far is stored, or has failed; says how much has failed. */
  async settled(): Promise<number> {
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
    return this.failures;
  }

  private track(published: Promise<unknown>): void {
    this.underWay.add(published);
    published.catch(() => (this.failures += 1)).finally(() => this.underWay.delete(published));
  }

  private publishUpTo(end: number): void {
    for (; this.next < end; this.next += 1) this.publish(this.next);
  }

  private publish(seq: number): void {
    const message = messageOf(seq, this.bytes);
    const published = this.contender.publish(channelOf(seq, this.channels), message);
    if (published instanceof Promise) this.track(published);
  }
}
