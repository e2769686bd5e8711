import { createRealtimeClient } from '../../src/index.js';

/** A program that uses all of a client, closes it while its server may say nothing, and has nothing more to do. */
const [url = '', transport = ''] = process.argv.slice(2);
const client = createRealtimeClient({ url, transport: transport as 'websocket' | 'sse', token: 'ann' });
const channel = client.channel('open:any');
const end = new Promise<void>((resolve) => channel.on('end', () => resolve()));
const reading = (async () => {
  for await (const _ of channel) continue;
})();
await client.command('note', 1);
const document = client.state('doc:visitor');
// Stays followed: a stream that is opened anew in the meantime would be held back with the rest.
document.subscribe(() => undefined);
await document.set({ n: 1 });
console.log('ready for its end');
await end;
void client.command('note', 2).catch(() => undefined);
await client.close();
await reading;
