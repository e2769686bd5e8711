import { createRealtimeClient } from '../src/index.js';

const url = 'https://api.example.com';

describe('options', () => {
  it.each<[string, object, string]>([
    ['no url outside of a page', { url: undefined }, 'option url is undefined'],
    ['a url without a scheme', { url: 'localhost:3000' }, 'option url is localhost:3000'],
    ['a url of another scheme', { url: 'wss://api.example.com' }, 'option url is wss://api.example.com'],
    ['a url with a path', { url: `${url}/v1` }, `option url is ${url}/v1`],
    ['a path that is none', { basePath: 'realtime' }, 'option basePath is realtime'],
    ['a path of Socket.IO that is none', { socketIoPath: '/a?b' }, 'option socketIoPath is /a?b'],
    ['an unknown transport', { transport: 'polling' }, 'option transport is polling'],
    ['unknown credentials', { credentials: 'yes' }, 'option credentials is yes'],
    ['a token that is none', { token: 42 }, 'option type of token is number'],
    ['a time of no length', { heartbeatMs: 0 }, 'option heartbeatMs is 0'],
    ['a time that no timer takes', { retryMaxMs: 2 ** 31 }, `option retryMaxMs is ${2 ** 31}`],
    ['a queue of half a command', { queue: { limit: 0.5 } }, 'option queue.limit is 0.5'],
    ['an unknown storage', { queue: { storage: 'disk' } }, 'option queue.storage is disk'],
    ['an unknown option', { tokne: 'x' }, 'option tokne'],
    ['an unknown option of the queue', { queue: { size: 1 } }, 'option queue.size'],
  ])('are refused where there is %s', (_, options, message) => {
    expect(() => createRealtimeClient({ url, ...options })).toThrow(message);
  });

  it('that are undefined stand for their defaults, and nothing connects by itself', async () => {
    await using client = createRealtimeClient({ url, transport: undefined, queue: { limit: undefined } });
    expect(client.connection.value).toMatchObject({ status: 'disconnected', reason: 'idle' });
  });
});
