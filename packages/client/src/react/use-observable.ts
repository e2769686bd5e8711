'use client';

import { useSyncExternalStore } from 'react';
import type { Observable } from '../observable.js';

/** The value of an observable; `onServer` where a page is rendered without a connection, and while it is hydrated. */
export function useObservable<T>({ subscribe, getSnapshot }: Observable<T>, onServer: T): T {
  return useSyncExternalStore(subscribe, getSnapshot, () => onServer);
}
