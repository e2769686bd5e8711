import { findProgram, waitFor } from '@nestwire/harness';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startApp } from '../support/start-app.js';

const curl = { title: 'curl', candidates: ['curl'], packages: { apt: ['curl'], brew: ['curl'] } };

describe('curl', () => {
  it('prints a stream as it comes, and resumes it', async () => {
    await using app = await startApp();
    const program = await findProgram(curl);

    const stream = (...args: string[]) => {
      const child = spawn(program, [
        '--no-buffer',
        '--silent',
        ...args,
        `${app.url}/realtime/sse?channels=open:a`,
      ]);
      const output = { text: '', end: () => (child.kill(), once(child, 'exit')) };
      child.stdout.on('data', (data: Buffer) => (output.text += data.toString()));
      return output;
    };
    const first = stream();
    await waitFor(() => first.text.includes('\nid: '), { what: 'the first write' });
    await app.realtime.publish('open:a', 'hello', 'world');
    await waitFor(() => first.text.includes('event: hello\ndata: {"c":"open:a","o":1,'), {
      what: 'the event',
    });
    await first.end();

    const cursor = /id: (.*)/.exec(first.text)![1]!;
    const second = stream('--header', `Last-Event-ID: ${cursor}`);
    await waitFor(() => second.text.includes('event: realtime.replay-end'), { what: 'the replay' });
    await second.end();

    expect(second.text).toContain('"d":"world","r":1}');
    const third = stream('--http1.0', '--header', `Last-Event-ID: ${cursor}`);
    await waitFor(() => third.text.includes('event: realtime.replay-end'), {
      what: 'the replay over HTTP/1.0',
    });
    await third.end();
    await app.idle();
  });
});
