import { callSafely } from '../observable.js';

/** Listeners by name, in the order in which they came. One that throws does not keep the others from hearing, and one that was taken away hears nothing. */
export class Listeners {
  private readonly byName = new Map<string, Set<(...args: never[]) => void>>();

  add(name: string, listener: (...args: never[]) => void): () => void {
    // The same function may be handed in twice: each has its own end.
    const own = (...args: never[]): void => listener(...args);
    const listeners = this.byName.get(name) ?? new Set();
    this.byName.set(name, listeners.add(own));
    return () => {
      listeners.delete(own);
      if (listeners.size === 0 && this.byName.get(name) === listeners) this.byName.delete(name);
    };
  }

  call(name: string, ...args: unknown[]): void {
    const listeners = this.byName.get(name) ?? new Set();
    const all = [...listeners];
    for (const listener of all) if (listeners.has(listener)) callSafely(() => listener(...(args as never[])));
  }
}
