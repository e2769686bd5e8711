import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** What speaks enough of Redis's protocol to be connected to, and says that it is of this version. */
export async function startOldServer(version: string): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    let text = '';
    socket.on('data', (data) => {
      text += data.toString();
      const { commands, rest } = parse(text);
      text = rest;
      for (const command of commands) socket.write(replyTo(command, version));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function replyTo([name = '']: readonly string[], version: string): string {
  if (name.toUpperCase() === 'HELLO') return "-ERR unknown command 'HELLO'\r\n";
  if (name.toUpperCase() !== 'INFO') return '+OK\r\n';
  const info = `redis_version:${version}\r\nloading:0\r\n`;
  return `$${info.length}\r\n${info}\r\n`;
}

/** The whole commands at the text's beginning: arrays of strings. */
function parse(text: string): { commands: string[][]; rest: string } {
  const commands: string[][] = [];
  let rest = text;
  for (;;) {
    const lines = rest.split('\r\n');
    const length = Number(lines[0]?.slice(1));
    if (lines.length <= 2 * length + 1) return { commands, rest };
    commands.push(lines.slice(1, 2 * length + 1).filter((_, index) => index % 2 === 1));
    rest = lines.slice(2 * length + 1).join('\r\n');
  }
}
