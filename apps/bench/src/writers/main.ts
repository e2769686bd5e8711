import { serve } from '../processes/serve.js';
import { NESTWIRE_WRITERS } from './nestwire-writers.js';
import { REDIS_WRITERS } from './redis-writers.js';
import type { DocumentSize, Writer } from './writer.js';

const WRITERS = { ...NESTWIRE_WRITERS, ...REDIS_WRITERS } satisfies Record<
  string,
  (url: string, size: DocumentSize) => Writer | Promise<Writer>
>;

export type WriterName = keyof typeof WRITERS;

export interface WriteRequest {
  /** Writes under way at once. */
  readonly atOnce: number;
  readonly durationMs: number;
}

export interface Written {
  readonly count: number;
  readonly seconds: number;
}

const [name, url, size] = process.argv.slice(2) as [WriterName, string, string];
const writer: Writer = await WRITERS[name](url, JSON.parse(size) as DocumentSize);
await writer.prepare?.();
let next = 0;
serve({ write: writeFor }, undefined);

async function writeFor({ atOnce, durationMs }: WriteRequest): Promise<Written> {
  const [first, start] = [next, performance.now()];
  const one = async (): Promise<void> => {
    while (performance.now() - start < durationMs) await writer.write(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return { count: next - first, seconds: (performance.now() - start) / 1_000 };
}
