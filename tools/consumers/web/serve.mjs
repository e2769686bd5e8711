import { preview } from 'vite';

// The built page beside the server that it speaks to, as Vite's own proxy has them under one origin.
const target = process.env.SERVER;
const server = await preview({
  logLevel: 'error',
  preview: {
    host: '127.0.0.1',
    port: 0,
    proxy: { '/realtime': { target }, '/socket.io': { target, ws: true } },
  },
});
console.log(JSON.stringify({ url: server.resolvedUrls.local[0] }));
