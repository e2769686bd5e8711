import { type Availability, type Backend, memoryBackend } from '../../src/index.js';

/** A backend in memory that goes away and comes back when a test says so. */
export interface FlickeringBackend extends Backend {
  become(availability: Availability): void;
  /** Entries may have been missed. */
  interrupt(): void;
}

export function flickeringBackend(): FlickeringBackend {
  const listeners = new Set<(availability: Availability) => void>();
  const interrupted = new Set<() => void>();
  return {
    ...memoryBackend(),
    onAvailability: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onInterrupted: (listener) => {
      interrupted.add(listener);
      return () => void interrupted.delete(listener);
    },
    become: (availability) => listeners.forEach((listener) => listener(availability)),
    interrupt: () => interrupted.forEach((listener) => listener()),
  };
}
