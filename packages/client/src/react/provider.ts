'use client';

import { createContext, createElement, type ReactElement, type ReactNode, useContext } from 'react';
import type { RealtimeClient } from '../client.types.js';

const ClientContext = createContext<RealtimeClient | undefined>(undefined);

/** What {@link RealtimeProvider} is given. */
export interface RealtimeProviderProps {
  /** Made outside of the components, once per page. The provider neither connects nor closes it. */
  readonly client: RealtimeClient;
  readonly children?: ReactNode;
}

/** Gives a client to the hooks below it. */
export function RealtimeProvider({ client, children }: RealtimeProviderProps): ReactElement {
  return createElement(ClientContext.Provider, { value: client }, children);
}

/** The client of the nearest {@link RealtimeProvider}. @throws Error where there is none. */
export function useRealtimeClient(): RealtimeClient {
  const client = useContext(ClientContext);
  if (client === undefined) throw new Error('There is no <RealtimeProvider> above this component.');
  return client;
}
