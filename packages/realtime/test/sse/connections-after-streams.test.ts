import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { startApp } from '../support/start-app.js';

describe.each(['express', 'fastify'] as const)('a stream that has ended, with %s', (adapter) => {
  it('leaves no connection to come back on: that may have to be to another node', async () => {
    await using app = await startApp({ adapter, options: { sse: { maxStreamMs: 50 } } });
    const agent = new Agent({ keepAlive: true });
    for (let streams = 0; streams < 2; streams += 1) {
      const request = get(`${app.url}/realtime/sse?channels=open:a`, { agent });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      expect(await text(response)).toContain('stream_expired');
      expect(request.reusedSocket).toBe(false);
    }
    agent.destroy();
  });
});
