import { EventEmitter } from 'node:events';
import { WebSocketGateway } from '@nestjs/websockets';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

/** A wire format of the application's own: JSON backwards, and bytes in base64. */
class Encoder {
  encode(packet: object): [string] {
    const text = JSON.stringify(packet, (_, value: unknown) =>
      isBuffer(value) ? { base64: Buffer.from(value.data).toString('base64') } : value,
    );
    return [[...text].reverse().join('')];
  }
}

class Decoder extends EventEmitter {
  add(text: string): void {
    const packet: unknown = JSON.parse([...text].reverse().join(''), (_, value: { base64?: string }) =>
      value?.base64 === undefined ? value : Buffer.from(value.base64, 'base64'),
    );
    this.emit('decoded', packet);
  }

  destroy(): void {}
}

const parser = { Encoder, Decoder };

@WebSocketGateway({ parser })
class OwnParserGateway {}

describe('where the application has a parser of its own for Socket.IO', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({ providers: [OwnParserGateway] });
  });

  afterAll(() => app.close());

  it.each(['json', 'msgpack'])('events come in its format (%s)', async (encoding) => {
    using client = await SocketClient.connect(app.url, { parser, auth: { encoding } });
    const channel = `open:${encoding}`;
    await client.follow(channel);

    const { position } = await app.realtime.publish(channel, 'said', { text: 'ünï', n: 1 });
    await client.received(channel, 1);

    expect(client.batches).toEqual([
      {
        kind: 'events',
        envelopes: [{ c: channel, o: 1, t: expect.any(Number), n: 'said', d: { text: 'ünï', n: 1 } }],
        positions: { [channel]: position },
      },
    ]);
    expect(client.raw[0]).toHaveLength(encoding === 'json' ? 2 : 1);
  });
});

function isBuffer(value: unknown): value is { type: 'Buffer'; data: number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer';
}
