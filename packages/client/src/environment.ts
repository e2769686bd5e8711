/** As of `navigator.locks.request`. */
export interface WebLockOptions {
  readonly signal?: AbortSignal;
  readonly steal?: boolean;
}

/** The part of `navigator.locks` that is used here. */
export interface WebLocks {
  request<T>(name: string, options: WebLockOptions, hold: () => Promise<T>): Promise<T>;
  query(): Promise<{ held?: { name?: string }[] }>;
}

/** What only a page has. Node and workers lack some or all of it. */
interface Page {
  readonly navigator?: { readonly onLine?: boolean; readonly locks?: WebLocks };
  readonly document?: EventTarget & { readonly visibilityState: string };
  readonly BroadcastChannel?: unknown;
  readonly location?: { readonly origin: string };
  addEventListener?(name: string, listener: () => void): void;
  removeEventListener?(name: string, listener: () => void): void;
}

type Wake = 'online' | 'offline' | 'visible';

/** The network and the page, as far as the runtime knows of them. */
export interface Environment {
  /** False only where the runtime says that there is no network. */
  isOnline(): boolean;
  /** Whether this is a page that can share with its like. */
  hasTabs(): boolean;
  /** Where the page comes from. */
  readonly origin: string | undefined;
  watch(listener: (wake: Wake) => void): () => void;
}

export const environment: Environment = {
  isOnline: () => page().navigator?.onLine !== false,
  hasTabs: () => [page().document, webLocks(), page().BroadcastChannel].every(Boolean),
  get origin() {
    const { origin } = page().location ?? {};
    return origin === 'null' ? undefined : origin;
  },
  watch(listener) {
    const { document } = page();
    const ends = [
      on(page(), 'online', () => listener('online')),
      on(page(), 'offline', () => listener('offline')),
      on(document, 'visibilitychange', () => {
        if (document?.visibilityState === 'visible') listener('visible');
      }),
    ];
    return () => ends.forEach((end) => end());
  },
};

function page(): Page {
  return globalThis;
}

function on(
  target: Pick<Page, 'addEventListener' | 'removeEventListener'> | undefined,
  name: string,
  listener: () => void,
): () => void {
  target?.addEventListener?.(name, listener);
  return () => target?.removeEventListener?.(name, listener);
}

/** Undefined where there are none, as in a page that is not secure. */
export function webLocks(): WebLocks | undefined {
  return page().navigator?.locks;
}
