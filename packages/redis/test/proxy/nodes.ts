import { freePort, type NodeProcess, startNodeProcess, waitFor } from '@nestwire/harness';

/** A node that can be killed, and started again where it was. */
export class Node implements AsyncDisposable {
  private process: NodeProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly redisUrl: string,
  ) {}

  static async on(redisUrl: string): Promise<Node> {
    const node = new Node(await freePort(), redisUrl);
    await node.start();
    return node;
  }

  async start(): Promise<void> {
    this.process = await startNodeProcess(new URL('node.ts', import.meta.url), {
      args: [String(this.port), this.redisUrl],
    });
  }

  async kill(): Promise<void> {
    await this.process?.kill('SIGKILL');
    this.process = undefined;
  }

  /** How many clients it has. */
  async connections(): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.port}/realtime/metrics`);
    const values = (await response.text()).matchAll(/^nestwire_connections\{.*\} (\d+)$/gm);
    return [...values].reduce((sum, [, value]) => sum + Number(value), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process?.[Symbol.asyncDispose]();
  }
}

/** Publishes through the proxy, like any client, until it is acknowledged; answers with the offset. */
export async function publish(url: string, id: string): Promise<number> {
  const { offset } = await waitFor(
    async () => {
      const response = await fetch(`${url}/news`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ id }),
      });
      return response.ok && ((await response.json()) as { offset: number });
    },
    { what: `${id} to be published`, timeoutMs: 20_000, intervalMs: 50 },
  );
  return offset;
}
