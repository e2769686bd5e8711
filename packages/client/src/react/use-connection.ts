'use client';

import { useMemo } from 'react';
import type { ConnectionState } from '../connection/connection-state.js';
import type { Quality } from '../connection/quality.js';
import { useRealtimeClient } from './provider.js';
import { useObservable } from './use-observable.js';

/** The connection with its quality and its queue, as one value. */
export interface ConnectionView extends ConnectionState {
  readonly quality: Quality;
  /** What waits to be sent, in number. */
  readonly queued: number;
}

const ON_SERVER: ConnectionState = { status: 'disconnected', reason: 'idle', attempt: 0, degraded: false };

/** The connection as it is, and how good. It does not connect by itself: what listens does. */
export function useConnection(): ConnectionView {
  const client = useRealtimeClient();
  const state = useObservable(client.connection, ON_SERVER);
  const quality = useObservable(client.quality, 'offline');
  const queued = useObservable(client.queued, 0);
  return useMemo(() => ({ ...state, quality, queued }), [state, quality, queued]);
}
