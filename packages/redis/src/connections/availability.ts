import type { Availability } from '@nestwire/realtime';

type Stop = () => void;

/**
 * Whether Redis is there, for commands and for listening. Whoever wants to know when entries may have been missed hears of it when both are
 * there again: not before the log can be looked at.
 */
export class RedisAvailability {
  isAvailable = false;
  private isInterrupted = false;
  private readonly listeners = new Set<(availability: Availability) => void>();
  private readonly interruptedListeners = new Set<() => void>();

  onAvailability(listener: (availability: Availability) => void): Stop {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  onInterrupted(listener: () => void): Stop {
    this.interruptedListeners.add(listener);
    return () => void this.interruptedListeners.delete(listener);
  }

  update(isAvailable: boolean): void {
    if (isAvailable !== this.isAvailable) {
      this.isAvailable = isAvailable;
      this.isInterrupted ||= !isAvailable;
      for (const listener of this.listeners) listener(isAvailable ? 'available' : 'unavailable');
    }
    if (!this.isAvailable || !this.isInterrupted) return;
    this.isInterrupted = false;
    for (const listener of this.interruptedListeners) listener();
  }

  /** Messages may have been missed. */
  interrupt(): void {
    this.isInterrupted = true;
    this.update(this.isAvailable);
  }
}
