import type { INestApplication } from '@nestjs/common';
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';

/** Listens on a free port of loopback, and says which; a server of HTTP is one of TCP. */
export async function listenOn(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return portOf(server);
}

/** The same for an application of Nest. */
export async function listenAs(app: INestApplication): Promise<number> {
  await app.listen(0, '127.0.0.1');
  return portOf(app.getHttpServer() as Server);
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
