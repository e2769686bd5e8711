import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A proxy that passes HTTP on, streams too, and refuses upgrades until it is told to let them through. */
export class NoUpgrades implements AsyncDisposable {
  refused = 0;
  allowed = false;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(target: string): Promise<NoUpgrades> {
    const server = createServer((incoming, outgoing) => {
      const { url, method, headers } = incoming;
      const sent = request(new URL(url!, target), { method, headers }, (response) => {
        outgoing.writeHead(response.statusCode!, response.headers);
        response.pipe(outgoing).on('error', () => undefined);
        response.on('error', () => outgoing.destroy());
      });
      sent.on('error', () => outgoing.destroy());
      outgoing.on('close', () => sent.destroy());
      incoming.pipe(sent);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new NoUpgrades(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('upgrade', (incoming, socket, head) => {
      if (!proxy.allowed) {
        proxy.refused += 1;
        socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
        return;
      }
      const sent = request(new URL(incoming.url!, target), { headers: incoming.headers });
      sent.on('upgrade', (response, upstream, first) => {
        const lines = Object.entries(response.headers).map(([name, value]) => `${name}: ${String(value)}`);
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
        socket.write(first);
        upstream.write(head);
        upstream.pipe(socket).pipe(upstream);
        for (const [one, other] of [
          [socket, upstream],
          [upstream, socket],
        ] as const)
          one.on('error', () => other.destroy()).on('close', () => other.destroy());
      });
      sent.on('error', () => socket.destroy());
      sent.end();
    });
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
  }
}
