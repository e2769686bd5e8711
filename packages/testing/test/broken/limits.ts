import type { LimitStore } from '@nestwire/realtime';
import { limitStoreConformance } from '../../src/index.js';
import { type Fault, type Faults, overriding, roundTrip } from './faults.js';

/** A backend whose limits have some methods replaced. */
function withLimits(change: (limits: LimitStore) => Partial<LimitStore>): Fault {
  return (backend) => ({ ...backend, limits: overriding(backend.limits, change(backend.limits)) });
}

/** Reads, and writes a round trip later. */
function loses(limits: LimitStore): Partial<LimitStore> {
  const counts = new Map<string, number>();
  return {
    async count(key, points, windowMs) {
      const before = counts.get(key) ?? 0;
      await roundTrip();
      counts.set(key, before + points);
      return { ...(await limits.count(key, points, windowMs)), points: before + points };
    },
  };
}

function forgetsOthers(limits: LimitStore): Partial<LimitStore> {
  return { hold: async (key, node, held) => new Map([...(await limits.hold(key, node, held))].slice(-1)) };
}

export const brokenLimits: Faults = {
  suite: limitStoreConformance,
  faults: {
    'what several nodes count is one count, and nothing of 200 concurrent ones is lost': {
      'loses counts': withLimits(loses),
    },
    'looking counts nothing, and of a key that nobody has counted there is nothing': {
      'counts who looks': withLimits((limits) => ({ counted: (key) => limits.count(key, 1, 60_000) })),
    },
    'a window ends when its first count says, and a new one begins with the next': {
      'never ends a window': withLimits((limits) => ({
        count: (key, points) => limits.count(key, points, 60_000),
      })),
    },
    'of what is held, each node’s last word counts, and 0 takes it off the list': {
      'keeps nodes that hold nothing': withLimits((limits) => ({
        hold: async (key, node, held) => new Map([...(await limits.hold(key, node, held)), [node, held]]),
      })),
      'forgets other nodes': withLimits(forgetsOthers),
    },
    'of concurrent words of ten nodes none is lost, and the last to speak sees them all': {
      'forgets other nodes': withLimits(forgetsOthers),
    },
    'what is counted and what is held under one name, and under different names, never meet': {
      'has one list for all names': withLimits((limits) => ({
        hold: (_key, node, held) => limits.hold('all', node, held),
      })),
    },
    'what is held is forgotten when nobody has spoken of it for its time, and not before': {
      'never forgets': withLimits(() => {
        const held = new Map<string, number>();
        return { hold: async (_key, node, number) => new Map(held.set(node, number)) };
      }),
    },
  },
};
