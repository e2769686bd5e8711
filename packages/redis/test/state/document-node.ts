import { type NodeProcess, startNodeProcess } from '@nestwire/harness';

const APP = new URL('./document-node.app.ts', import.meta.url);

export interface DocumentNodeSettings {
  readonly redisUrl: string;
  /** Where documents are saved, and who is told of those that have expired. */
  readonly storeUrl?: string;
}

export interface Writes {
  readonly id: string;
  readonly prefix: string;
  readonly fields: number;
  readonly times: number;
}

export interface Race {
  readonly id: string;
  readonly times: number;
}

export interface DocumentNode extends NodeProcess {
  ask<T>(path: 'patch' | 'write' | 'race', body: unknown): Promise<T>;
}

/** A node in a process of its own, which is told over HTTP what to write. */
export async function startDocumentNode(settings: DocumentNodeSettings): Promise<DocumentNode> {
  const node = await startNodeProcess(APP, { args: [JSON.stringify(settings)] });
  const ask = async <T>(path: string, body: unknown): Promise<T> => {
    const response = await fetch(`${node.ready}/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}\n${node.output}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  };
  return Object.assign(node, { ask });
}
