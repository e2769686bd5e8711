import { createRealtimeClient } from '@nestwire/client';
import { renderToString } from 'react-dom/server';
import { App } from './app.js';

// A server of pages, such as Next's: nothing connects, and nothing keeps the process.
const client = createRealtimeClient({ url: 'https://api.example.com' });
process.stdout.write(renderToString(<App client={client} />));
