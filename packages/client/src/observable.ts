/** A value that changes, and says when. Fits React's `useSyncExternalStore` as it is. */
export interface Observable<T> {
  /** The value now. The same object until it changes. */
  readonly value: T;
  /** The same as {@link value}; bound, so that it can be handed over. */
  readonly getSnapshot: () => T;
  /** Calls the listener at each change, with the new value, until the function that is returned is called. Bound. */
  readonly subscribe: (listener: (value: T) => void) => () => void;
}

/** An {@link Observable} with a setter. A listener that throws does not keep the others from hearing; one that was taken away hears nothing. */
export class Store<T> implements Observable<T> {
  private readonly listeners = new Set<(value: T) => void>();

  constructor(private current: T) {}

  get value(): T {
    return this.current;
  }

  readonly getSnapshot = (): T => this.current;

  readonly subscribe = (listener: (value: T) => void): (() => void) => {
    // The same function may be handed in twice: each has its own end.
    const own = (value: T): void => listener(value);
    this.listeners.add(own);
    return () => this.listeners.delete(own);
  };

  set(value: T): void {
    if (Object.is(value, this.current)) return;
    this.current = value;
    const listeners = [...this.listeners];
    for (const listener of listeners) {
      // One of them has set another value: all have heard of that.
      if (!Object.is(this.current, value)) return;
      if (this.listeners.has(listener)) callSafely(() => listener(value));
    }
  }
}

/** Runs what is not ours: its error goes where uncaught errors go, and ours goes on. */
export function callSafely(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
