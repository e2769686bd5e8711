import type { Server, ServerResponse } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { SseClient } from '../support/sse-client.js';
import { startApp } from '../support/start-app.js';

setFlagsFromString('--allow-natives-syntax');
const haveSameLayout = runInThisContext('(a, b) => %HaveSameMap(a, b)') as (a: object, b: object) => boolean;
// Compiled at its first call.
afterAll(() => setFlagsFromString('--no-allow-natives-syntax'));

/** V8 goes by the first ones that it sees. */
const OBJECTS_TO_LEARN_FROM = 20;

it("the responses of Express's open streams share one layout", async () => {
  await using app = await startApp({ adapter: 'express' });
  const server = app.nest.getHttpServer() as Server;
  const responses: ServerResponse[] = [];
  server.prependListener('request', (_, response: ServerResponse) => void responses.push(response));
  const clients: SseClient[] = [];
  while (clients.length < OBJECTS_TO_LEARN_FROM + 2) clients.push(await SseClient.connect(app.url, 'open:a'));
  const [one, another] = responses.slice(-2) as [ServerResponse, ServerResponse];

  expect(haveSameLayout(one, another)).toBe(true);
  for (const client of clients) client.destroy();
});
