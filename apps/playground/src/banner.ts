import type { INestApplicationContext } from '@nestjs/common';
import { type Backend, REALTIME_BACKEND } from '@nestwire/realtime';

const BACKENDS: Readonly<Record<string, string>> = { memory: 'memory: one process, nothing is kept' };

/** What is printed once the application listens. */
export function banner(app: INestApplicationContext, url: string): string {
  const { name } = app.get<Backend>(REALTIME_BACKEND);
  const address = url.replace(/\/\/(\[::1?\]|0\.0\.0\.0|127\.0\.0\.1)/, '//localhost');
  return `
  Nestwire playground   ${address}
  Backend               ${BACKENDS[name] ?? name}

  Try this:
    1. Cut the SSE view for six seconds, and watch it replay what it missed.
    2. Open a ticket: both transports give it the same number.
    3. Edit one ticket from two tabs: different fields merge, the same field asks.
    4. Cut your own connection and claim a ticket: the command waits, and runs once.

  Ctrl-C stops it.
`;
}
