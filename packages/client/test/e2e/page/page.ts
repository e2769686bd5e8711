import { createRealtimeClient, RealtimeError } from '../../../src/index.js';

/** The page of the tests in a browser: a client, what it heard, and what its user saw. */
const client = createRealtimeClient({
  retryBaseMs: 50,
  retryMaxMs: 200,
  heartbeatMs: 500,
  heartbeatTimeoutMs: 400,
  connectTimeoutMs: 2_000,
});

const heard: unknown[] = [];
const notices: string[] = [];
const states: string[] = [];
const seen: string[] = [];

const channel = client.channel('open:news');
channel.on('item', (data) => heard.push(data));
channel.on('recovered', () => notices.push('recovered'));
channel.on('gap', ({ reason }) => notices.push(`gap: ${reason}`));
client.connection.subscribe(({ status, reason }) => states.push(`${status}: ${reason}`));

const note = client.state<{ text?: string; locked?: boolean }>('doc:note');
note.subscribe(({ value }) => seen.push(JSON.stringify(value)));

/** For the test, which runs in another process: all in JSON. */
Object.assign(globalThis, {
  look: () => ({ ...client.connection.value, heard, notices, states, seen, note: note.value }),
  write: (fields: object) => note.set(fields).then(() => 'done', codeOf),
  claim: (id: string) => client.command('claim', { id }).catch(codeOf),
});

function codeOf(error: unknown): string {
  return error instanceof RealtimeError ? error.code : String(error);
}
