/**
 * Bounds an LRU cache to so many entries. Its own `max` would take the memory for all of them when it is made: for 100,000 of them
 * several megabytes, and tens of milliseconds.
 */
export function atMost(entries: number): { maxSize: number; sizeCalculation: () => number } {
  return { maxSize: entries, sizeCalculation: () => 1 };
}
