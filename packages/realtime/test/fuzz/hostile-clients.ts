import fc from 'fast-check';
import { ERROR_CODES } from '@nestwire/protocol';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

/** So many are on their way at once. */
const AT_ONCE = 200;

/** What is looked at is each answer: nobody is kept away for asking. */
const UNLIMITED = {
  commandsPerSecond: 1e6,
  publishesPerSecond: 1e6,
  subscriptionsPerSecond: 1e6,
  commandsPerSecondPerUser: 1e6,
  publishesPerSecondPerUser: 1e6,
  errorsPerSecond: 1e6,
};

const hostile = fc.oneof(
  fc.anything({ maxDepth: 4 }),
  fc.record({
    channel: fc.oneof(fc.string({ unit: 'binary' }), fc.constant('open:a')),
    position: fc.anything(),
  }),
  fc.record({
    id: fc.oneof(fc.string(), fc.anything()),
    command: fc.oneof(
      fc.string(),
      fc.constantFrom('realtime.publish', 'realtime.state.patch', 'realtime.auth'),
    ),
    data: fc.anything(),
  }),
  fc.json(),
);

interface Answer {
  readonly ok?: boolean;
  readonly error?: { readonly code: string };
}

/** An answer that a client may be given: one that is ok, or an error that is not the server's own fault. */
function isProper(answer: unknown): boolean {
  const { ok, error } = (answer ?? {}) as Answer;
  if (ok === true) return true;
  return error !== undefined && Object.hasOwn(ERROR_CODES, error.code) && error.code !== 'internal';
}

/** What went wrong with a server that was sent so many hostile messages over both transports, and how much its heap grew. */
export async function besiege(
  inputs: number,
): Promise<{ improper: unknown[]; grownBytes: number; logs: string[] }> {
  await using app = await startApp({ options: { limits: UNLIMITED } });
  const improper: unknown[] = [];
  await run(app, Math.min(inputs, 2_000), improper);
  const before = heapUsed();
  await run(app, inputs, improper);
  await app.idle();
  return {
    improper,
    grownBytes: heapUsed() - before,
    logs: app.logs.filter((line) => line.startsWith('error')),
  };
}

async function run(app: RunningApp, inputs: number, improper: unknown[]): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  let client = await SocketClient.connect(app.url);
  for (let sent = 0; sent < inputs; sent += AT_ONCE) {
    const messages = fc.sample(hostile, AT_ONCE);
    const answers = await Promise.all(messages.map((message, n) => send(app, client, agent, message, n)));
    improper.push(...answers.filter((answer) => answer !== undefined && !isProper(answer)));
    client.heard.length = 0;
    client.raw.length = 0;
    if (sent % 2_000 === 0) {
      client[Symbol.dispose]();
      client = await SocketClient.connect(app.url);
      await garbage(app, messages);
    }
  }
  client[Symbol.dispose]();
  agent.destroy();
}

/** Undefined where no answer is due. */
async function send(
  app: RunningApp,
  client: SocketClient,
  agent: Agent,
  message: unknown,
  n: number,
): Promise<unknown> {
  const kind = ['subscribe', 'unsubscribe', 'command', 'post', 'stream'][n % 5]!;
  if (kind === 'post') return http(app, agent, 'POST', '/realtime/commands', textOf(message));
  if (kind === 'stream') return http(app, agent, 'GET', `/realtime/sse?${queryOf(message)}`);
  return client.io.timeout(20_000).emitWithAck(kind, plain(message));
}

function textOf(message: unknown): string {
  return typeof message === 'string' ? message : (JSON.stringify(plain(message)) ?? '');
}

/** What a client of Socket.IO can send at all: JSON, or anything binary. */
function plain(message: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(message) ?? 'null');
  } catch {
    return typeof message;
  }
}

function queryOf(message: unknown): string {
  const text = encodeURIComponent(Buffer.from(textOf(message)).toString('latin1').slice(0, 1_000));
  return `channels=${text}&lastEventId=${text.slice(0, 300)}&ticket=${text.slice(0, 50)}`;
}

/** A stream that opens is an answer, too. */
function http(app: RunningApp, agent: Agent, method: string, path: string, body?: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request(app.url + path, { agent, method, headers }, (response) => {
      if (response.headers['content-type']?.startsWith('text/event-stream')) {
        sent.destroy();
        return resolve({ ok: true });
      }
      let text = '';
      response.setEncoding('utf8').on('data', (data: string) => (text += data));
      response.on('end', () => resolve(answerOf(text)));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function answerOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { text };
  }
}

/** Bytes that are neither HTTP nor WebSocket: the connection may end as it likes, the server may not. */
async function garbage(app: RunningApp, messages: readonly unknown[]): Promise<void> {
  const { hostname, port } = new URL(app.url);
  await Promise.all(
    messages.slice(0, 20).map(
      (message) =>
        new Promise<void>((resolve) => {
          const socket = connect(Number(port), hostname, () => socket.end(`${textOf(message)}\r\n\r\n`));
          socket.on('error', () => undefined).on('close', () => resolve());
          socket.resume();
        }),
    ),
  );
}

function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
