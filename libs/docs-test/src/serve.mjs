// Starts the `main.ts` of each folder given, in one process: most of a start is to load Nest, which all of them share.
// Tells the test the port of each, or why it has none, and ends with the test.
import net from 'node:net';
import { join } from 'node:path';

let listening;

// oxlint-disable-next-line typescript/unbound-method -- the proxy is told which server each call is on, and calls it on that
net.Server.prototype.listen = new Proxy(net.Server.prototype.listen, {
  apply(listen, server, args) {
    listening = server;
    return Reflect.apply(listen, server, args);
  },
});
process.once('disconnect', () => process.exit());

for (const folder of process.argv.slice(2)) {
  listening = undefined;
  try {
    await import(join(folder, 'main.ts'));
    process.send({ folder, port: listening.address().port });
  } catch (error) {
    process.send({ folder, error: error.stack });
  }
}
