import { CLOSE_CODES, type CloseCode, RealtimeError } from '@nestwire/protocol';
import type { Identity } from '../sessions/identity.js';
import type { IdentityService } from '../sessions/identity.service.js';
import type { Connection } from './connection.js';

/** A connection outlives its principal's proof by so much, in milliseconds: time for a fresh token to arrive. */
const GRACE_MS = 5_000;
/** A session is looked at so many times within its time to live: to hold it open, and to see whether it still is. */
const LOOKS_PER_TTL = 3;
const MAX_DELAY_MS = 24 * 60 * 60_000;

/**
 * Looks from time to time whether a connection still belongs to whom it did, which counts as a use of its session, and ends it with
 * the code that says why where it does not. Returns what ends the watch. Anonymous visitors are not looked at.
 */
export function watchIdentity(
  connection: Connection,
  identities: IdentityService,
  sessionTtlMs: number,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  const schedule = (): void => {
    const delayMs = delayOf(connection.identity, sessionTtlMs);
    if (delayMs !== undefined && !connection.closed) timer = setTimeout(() => void look(), delayMs).unref();
  };
  const look = async (): Promise<void> => {
    try {
      await identities.recheck(connection.identity);
    } catch (error) {
      const code = closeCodeOf(error);
      if (code !== undefined) return connection.close(code);
    }
    schedule();
  };
  schedule();
  return () => clearTimeout(timer);
}

function delayOf({ principal, session }: Identity, sessionTtlMs: number): number | undefined {
  const untilExpiry =
    principal.expiresAt === undefined ? Infinity : Math.max(0, principal.expiresAt - Date.now()) + GRACE_MS;
  const untilLook = session === null ? Infinity : sessionTtlMs / LOOKS_PER_TTL;
  const delayMs = Math.min(untilExpiry, untilLook);
  return delayMs === Infinity ? undefined : Math.min(delayMs, MAX_DELAY_MS);
}

/** Undefined where the backend cannot say now. */
function closeCodeOf(error: unknown): CloseCode | undefined {
  if (!(error instanceof RealtimeError) || error.temporary) return undefined;
  const { close } = (error.details ?? {}) as { close?: string };
  return close !== undefined && Object.hasOwn(CLOSE_CODES, close) ? (close as CloseCode) : 'session_expired';
}
