import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What goes from the client to the server, or back. */
type Direction = 'requests' | 'replies';

/** A wire to a server on loopback that can be made as bad as a test wants. */
export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** Number of connections that are open now. */
  readonly connections: number;
  /** Number of pieces that are held back now. */
  readonly pending: number;
  /**
   * Holds back what goes in these directions, the end of a connection too, without closing anything: the other side looks
   * alive and says nothing. For connections that are opened later too. Default: both.
   */
  hold(...directions: Direction[]): void;
  /** Lets go of what was held back, and holds back nothing more. */
  release(): void;
  /** Cuts every connection at once; what was held back is lost. */
  cut(): void;
  /**
   * Cuts every connection on the client's side only, and holds back nothing of new ones. What was held back of the requests is still on its
   * way: it arrives at the next {@link release}.
   */
  strand(): void;
  /** Takes no new connections: they are refused. */
  refuse(): Promise<void>;
  /** Takes connections again, on the same port. */
  accept(): Promise<void>;
  /** Everything arrives so many milliseconds later. 0: at once. */
  delay(ms: number): void;
}

/** Starts a proxy to a port on loopback. */
export async function startProxy({ to }: { to: number }): Promise<Proxy> {
  const proxy = new TcpProxy(to);
  await proxy.accept();
  return proxy;
}

class TcpProxy implements Proxy {
  port = 0;
  delayMs = 0;
  readonly held = new Set<Direction>();
  private readonly links = new Set<Link>();
  private server: Server | undefined;

  constructor(private readonly to: number) {}

  get connections(): number {
    return this.links.size;
  }

  get pending(): number {
    return [...this.links].reduce((sum, link) => sum + link.pending, 0);
  }

  hold(...directions: Direction[]): void {
    for (const direction of directions.length === 0 ? (['requests', 'replies'] as const) : directions)
      this.held.add(direction);
  }

  release(): void {
    this.held.clear();
    for (const link of this.links) link.flush();
  }

  delay(ms: number): void {
    this.delayMs = ms;
  }

  cut(): void {
    for (const link of this.links) link.cut();
  }

  strand(): void {
    for (const link of this.links) link.strand();
    this.held.clear();
  }

  async refuse(): Promise<void> {
    this.server?.close();
    this.server = undefined;
  }

  async accept(): Promise<void> {
    this.server ??= createServer({ allowHalfOpen: true }, (client) => this.open(client)).listen(
      this.port,
      '127.0.0.1',
    );
    if (!this.server.listening) await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refuse();
    this.cut();
  }

  private open(client: Socket): void {
    const server = connect({ port: this.to, host: '127.0.0.1', allowHalfOpen: true });
    const link = new Link(client, server, this);
    this.links.add(link);
    link.closed.then(
      () => this.links.delete(link),
      () => {},
    );
  }
}

/** One connection through the proxy: a pipe each way. */
class Link {
  readonly closed: Promise<unknown>;
  private readonly pipes: readonly Pipe[];

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    proxy: TcpProxy,
  ) {
    this.pipes = [new Pipe(client, server, 'requests', proxy), new Pipe(server, client, 'replies', proxy)];
    this.closed = Promise.all(
      [client, server].map((socket) => new Promise((done) => socket.once('close', done))),
    );
  }

  get pending(): number {
    return this.pipes.reduce((sum, pipe) => sum + pipe.pending, 0);
  }

  flush(): void {
    for (const pipe of this.pipes) pipe.release();
  }

  strand(): void {
    for (const pipe of this.pipes) pipe.strand();
    this.client.resetAndDestroy();
  }

  cut(): void {
    for (const pipe of this.pipes) pipe.drop();
    this.client.resetAndDestroy();
    this.server.resetAndDestroy();
  }
}

/** Forwards what one socket says to another, its end included, in order, unless it is held back. */
class Pipe {
  private waiting: { readonly dueAt: number; readonly step: () => void }[] = [];
  private isStranded = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    from: Socket,
    private readonly to: Socket,
    private readonly direction: Direction,
    private readonly proxy: TcpProxy,
  ) {
    from.on('data', (data) => this.pass(() => to.write(data)));
    from.on('end', () => this.pass(() => to.end()));
    from.on('error', () => this.pass(() => to.destroy()));
    from.on('close', () => this.pass(() => to.end()));
  }

  get pending(): number {
    return this.waiting.length;
  }

  strand(): void {
    this.isStranded = true;
  }

  release(): void {
    this.isStranded = false;
    this.flush();
  }

  private flush(): void {
    clearTimeout(this.timer);
    if (this.isStranded || this.proxy.held.has(this.direction)) return;
    const now = performance.now();
    while (this.waiting.length > 0 && this.waiting[0]!.dueAt <= now) {
      const { step } = this.waiting.shift()!;
      if (!this.to.destroyed) step();
    }
    // A timer may fire a moment too early: then it looks again.
    const [next] = this.waiting;
    if (next !== undefined) this.timer = setTimeout(() => this.flush(), next.dueAt - now + 1).unref();
  }

  drop(): void {
    this.waiting = [];
  }

  private pass(step: () => void): void {
    const { delayMs } = this.proxy;
    const dueAt = Math.max(performance.now() + delayMs, this.waiting.at(-1)?.dueAt ?? 0);
    this.waiting.push({ dueAt, step });
    this.flush();
  }
}
