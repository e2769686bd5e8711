import type { Redis } from 'ioredis';

/** The client, which asks for each command to be run although the key's slot is still on its way to this server. */
export function asking(client: Redis): Redis {
  return new Proxy(client, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        target.asking().catch(() => undefined);
        return (value as (...all: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}
