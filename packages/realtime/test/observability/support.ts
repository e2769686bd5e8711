import type { Backend, EventLog } from '../../src/index.js';
import { memoryBackend } from '../../src/index.js';
import type { RunningApp } from '../support/start-app.js';

/** A backend in memory of which some entries do not reach their followers. */
export function lossyBackend(): { backend: Backend; lose: (entries: number) => void } {
  const backend = memoryBackend();
  let left = 0;
  const follow: EventLog['follow'] = (channel, listener) =>
    backend.log.follow(channel, (entries) => {
      const arriving = entries.slice(left);
      left -= entries.length - arriving.length;
      if (arriving.length > 0) listener(arriving);
    });
  const log = Object.assign(Object.create(backend.log) as EventLog, { follow });
  return { backend: { ...backend, log }, lose: (entries) => void (left = entries) };
}

/** Values of a metric by its labels as they are written, `transport="sse"`; without labels under an empty text. */
export function valuesOf(text: string, name: string): Record<string, number> {
  const lines = text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, 'gm'));
  return Object.fromEntries([...lines].map(([, labels = '', value]) => [labels, Number(value)]));
}

export function scrape(app: RunningApp, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${app.url}/realtime/metrics`, { headers });
}
