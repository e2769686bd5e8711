import { createStore, keys } from 'idb-keyval';
import { createRealtimeClient, RealtimeError } from '../../../src/index.js';

/** The page of the tests in a browser: a client, what it heard, and what its user saw. */
const query = new URLSearchParams(location.search);
const user = query.get('user') ?? undefined;
/** Keeps what waits beyond the page, and shares nothing with other tabs. */
const name = query.get('queue') ?? undefined;

const client = createRealtimeClient({
  token: user,
  retryBaseMs: 50,
  retryMaxMs: 200,
  heartbeatMs: 500,
  heartbeatTimeoutMs: 400,
  connectTimeoutMs: 2_000,
  ...(name !== undefined && { tabs: false, queue: { storage: 'indexeddb', name } }),
});

const heard: unknown[] = [];
const notices: string[] = [];
const states: string[] = [];
const seen: string[] = [];
const told: unknown[] = [];

const channel = client.channel('open:news');
channel.on('item', (data) => heard.push(data));
channel.on('recovered', () => notices.push('recovered'));
channel.on('gap', ({ reason }) => notices.push(`gap: ${reason}`));
client.connection.subscribe(({ status, reason }) => states.push(`${status}: ${reason}`));

if (user !== undefined) client.channel(`$user:${user}`).on('item', (data) => told.push(data));

const note = client.state<{ text?: string; locked?: boolean }>('doc:note');
note.subscribe(({ value }) => seen.push(JSON.stringify(value)));

/** For the test, which runs in another process: all in JSON. */
Object.assign(globalThis, {
  look: () => ({ ...client.connection.value, heard, notices, states, seen, told, note: note.value }),
  write: (fields: object) => note.set(fields).then(() => 'done', codeOf),
  disconnect: () => client.disconnect(),
  stored: () => keys(createStore(name!, 'queue')).then(({ length }) => length),
  claim: (id: string) => client.command('claim', { id }).catch(codeOf),
});

function codeOf(error: unknown): string {
  return error instanceof RealtimeError ? error.code : String(error);
}
