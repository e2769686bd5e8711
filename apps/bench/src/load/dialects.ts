import { channelNames } from '../message.js';
import { clientFrame } from './frames.js';

/** How a client talks to a server until it listens. */
export type Dialect = 'sse' | 'nestwire-sse' | 'ws' | 'socket.io' | 'nestwire-socket.io';

/** One step: what is sent, and what must have come before the next. */
export interface Step {
  readonly send: string | Buffer;
  readonly until: string;
}

export interface Visit {
  readonly channels: number;
  /** Of the client's session. */
  readonly secret?: string;
  /** `Last-Event-ID`. */
  readonly cursor?: string;
}

const END_OF_HEAD = '\r\n\r\n';
const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};
const ENGINE_PATH = '/socket.io/?EIO=4&transport=websocket';

const STEPS: Readonly<Record<Dialect, (visit: Visit) => Step[]>> = {
  sse: ({ cursor }) => [{ send: get('/sse', { 'Last-Event-ID': cursor }), until: END_OF_HEAD }],
  'nestwire-sse': ({ channels, secret, cursor }) => [
    {
      send: get(`/realtime/sse?channels=${channelNames(channels).join(',')}`, {
        'X-Session-Id': secret,
        'Last-Event-ID': cursor,
      }),
      until: 'event: realtime.ready',
    },
  ],
  ws: () => [{ send: get('/', UPGRADE), until: END_OF_HEAD }],
  'socket.io': ({ channels }) => [
    { send: get(ENGINE_PATH, UPGRADE), until: '0{"sid"' },
    { send: clientFrame('40'), until: '40{"sid"' },
    ...channelNames(channels).map((channel, index) => ({
      send: clientFrame(`42${index}["join","${channel}"]`),
      until: `43${index}[`,
    })),
  ],
  'nestwire-socket.io': ({ channels, secret, cursor }) => [
    { send: get(ENGINE_PATH, { ...UPGRADE, 'X-Session-Id': secret }), until: '0{"sid"' },
    { send: clientFrame('40/realtime,'), until: '40/realtime,{"sid"' },
    ...channelNames(channels).map((channel, index) => ({
      send: clientFrame(`42/realtime,${index}["subscribe",${JSON.stringify({ channel, position: cursor })}]`),
      until: `43/realtime,${index}[{"ok":true`,
    })),
  ],
};

export function stepsOf(dialect: Dialect, visit: Visit): Step[] {
  return STEPS[dialect](visit);
}

export function isWebSocket(dialect: Dialect): boolean {
  return !dialect.endsWith('sse');
}

function get(path: string, headers: Readonly<Record<string, string | undefined>>): string {
  const lines = Object.entries({ Host: 'localhost', Accept: 'text/event-stream', ...headers })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
