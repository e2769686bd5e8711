import { request } from 'node:http';
import { freePort, type NodeProcess, startNodeProcess } from '@nestwire/harness';

/** The application with its workers, in processes of their own. */
export interface PreforkedApp extends AsyncDisposable {
  readonly url: string;
  readonly primary: NodeProcess;
  /** Values of a metric by worker, of all workers that are up. */
  metric(name: string, labels?: string): Promise<Map<string, number>>;
  /** Process ids of all workers, each asked until it has answered. */
  workerPids(count: number): Promise<Set<number>>;
}

export async function startPreforked(env: Record<string, string>): Promise<PreforkedApp> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const primary = await startNodeProcess(new URL('../../src/main.ts', import.meta.url), {
    env: { PORT: String(port), NO_COLOR: '1', ...env },
    timeoutMs: 60_000,
  });
  return {
    url,
    primary,
    metric: (name, labels) => readMetric(url, name, labels),
    workerPids: async (count) => {
      const pids = new Set<number>();
      while (pids.size < count) pids.add((await post(`${url}/news/pids`, {})).pid);
      return pids;
    },
    [Symbol.asyncDispose]: () => primary[Symbol.asyncDispose](),
  };
}

export async function post(url: string, data: object): Promise<{ offset: number; pid: number }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify(data),
  });
  return (await response.json()) as { offset: number; pid: number };
}

/** Asks for something, and resolves with how it went. */
export function ask(url: string): Promise<string> {
  return new Promise((resolve) => {
    request(`${url}/health`, { agent: false })
      .on('response', (response) => resolve(`status ${response.resume().statusCode}`))
      .on('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? 'error'))
      .end();
  });
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function readMetric(url: string, name: string, labels = ''): Promise<Map<string, number>> {
  const text = await (await fetch(`${url}/realtime/metrics`)).text();
  const line = new RegExp(`^${name}\\{${labels}worker="(\\d+)"\\} (\\d+)$`, 'gm');
  return new Map([...text.matchAll(line)].map(([, worker, value]) => [worker!, Number(value)]));
}
