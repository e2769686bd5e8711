/** Top-level fields of a document; values are anything JSON. */
export type Fields = Record<string, unknown>;

/** What one commit changed: the data of `state.patch`. */
export interface StatePatch {
  set?: Fields;
  del?: string[];
}

/** Names of the events of a document's channel. */
export const STATE_EVENTS = { snapshot: 'state.snapshot', patch: 'state.patch' } as const;

/** Returns the fields after the patch; the given object is left as it is. */
export function applyPatch(fields: Readonly<Fields>, patch: StatePatch): Fields {
  const next: Fields = { ...fields, ...patch.set };
  for (const name of patch.del ?? []) delete next[name];
  return next;
}
