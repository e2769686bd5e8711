'use client';

import { type RefObject, useInsertionEffect, useRef } from 'react';

/**
 * What was handed in at the last render that React has kept, for callbacks that come later. It is written when a render is committed:
 * renders that React gives up leave nothing behind.
 */
export function useLatest<T>(value: T): RefObject<T> {
  const latest = useRef(value);
  useInsertionEffect(() => {
    latest.current = value;
  });
  return latest;
}
