import 'reflect-metadata';
import { createApp } from './app.js';
import { banner } from './banner.js';

const port = Number(process.env['PORT'] ?? 3000);

try {
  const app = await createApp();
  await app.listen(port);
  console.log(banner(app, await app.getUrl()));
} catch (error) {
  const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  console.error(isTaken ? `Port ${port} is taken. Try another: PORT=3001 npm start` : error);
  process.exit(1);
}
