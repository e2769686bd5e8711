// Gives an example for browsers what a page of the application at $PAGE_URL would have.
import { EventSource } from 'eventsource';

const page = new URL(process.env.PAGE_URL);

// Ends with the test, however that ends, but does not wait for it.
process.once('disconnect', () => process.exit());
process.channel.unref();

globalThis.location = page;
globalThis.EventSource = class extends EventSource {
  constructor(url, init) {
    super(new URL(url, page), init);
    // Examples listen before the test goes on to what they hear.
    this.addEventListener('realtime.ready', () => console.error('ready'));
  }
};

const { fetch } = globalThis;
globalThis.fetch = (url, init) => fetch(new URL(url, page), init);
