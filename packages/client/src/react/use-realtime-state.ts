'use client';

import { useMemo, useSyncExternalStore } from 'react';
import type { StateDocument, StateOptions, StateSnapshot } from '../state/document.types.js';
import { useRealtimeClient } from './provider.js';

/** A document as it is shown, and how to change it. `set` and `update` stay the same as long as the document does. */
export interface RealtimeStateView<T extends object>
  extends StateSnapshot<T>, Pick<StateDocument<T>, 'set' | 'update'> {}

const NOT_YET: StateSnapshot<never> = { value: undefined, version: undefined, pending: 0 };

/**
 * Follows a state document while the component is mounted.
 * @param options Of the first who asks for the document: see `client.state`.
 * @throws RealtimeError `bad_request` where it is no document's id.
 */
export function useRealtimeState<T extends object = Record<string, unknown>>(
  id: string,
  options?: StateOptions<T>,
): RealtimeStateView<T> {
  const document = useRealtimeClient().state<T>(id, options);
  const snapshot = useSyncExternalStore(document.subscribe, document.getSnapshot, () => NOT_YET);
  const { set, update } = useMemo<Pick<StateDocument<T>, 'set' | 'update'>>(
    () => ({ set: (fields) => document.set(fields), update: (recipe) => document.update(recipe) }),
    [document],
  );
  return useMemo(() => ({ ...snapshot, set, update }), [snapshot, set, update]);
}
