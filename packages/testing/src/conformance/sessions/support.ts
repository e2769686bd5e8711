import type { Principal, StoredSession } from '@nestwire/realtime';
import type { ConformanceContext } from '../conformance.js';

/** A session of an hour, of a user of its own unless the fields say otherwise. */
export function aSession(
  { uniqueName, now }: Pick<ConformanceContext, 'uniqueName' | 'now'>,
  fields: Partial<StoredSession> = {},
): StoredSession {
  const time = now();
  return {
    sid: uniqueName(),
    secretHash: uniqueName(),
    principal: aPrincipal(uniqueName()),
    data: {},
    createdAt: time,
    lastSeenAt: time,
    expiresAt: time + 3_600_000,
    endsAt: time + 86_400_000,
    ...fields,
  };
}

export function aPrincipal(userId?: string): Principal {
  return { ...(userId === undefined ? {} : { userId }), roles: ['staff'], claims: {} };
}
