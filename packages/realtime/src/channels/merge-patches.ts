import type { StatePatch } from '@nestwire/protocol';
import type { LogEntry } from '../backend/event-log.js';

/** Several patches of a document as one, with the last one's offset: the same outcome, without the steps. */
export function mergePatches(entries: readonly LogEntry[]): LogEntry[] {
  const last = entries.at(-1);
  if (last === undefined || entries.length === 1) return [...entries];
  const changes = new Map<string, unknown>();
  for (const entry of entries) {
    const { set = {}, del = [] } = JSON.parse(entry.data) as StatePatch;
    for (const [name, value] of Object.entries(set)) changes.set(name, value);
    for (const name of del) changes.set(name, undefined);
  }
  const set = Object.fromEntries([...changes].filter(([, value]) => value !== undefined));
  const del = [...changes].filter(([, value]) => value === undefined).map(([name]) => name);
  return [{ ...last, data: JSON.stringify({ set, del }) }];
}
