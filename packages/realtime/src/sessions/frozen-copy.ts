/** A copy of anything JSON, frozen all the way down: what a store across a wire gives back, minus the writing to it. */
export function frozenCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_key, part: unknown) => Object.freeze(part)) as T;
}
