import { CLOSE_CODES, type CloseCode, RealtimeError } from '@nestwire/protocol';
import type { ResolvedOptions } from '../realtime.options.js';
import type { IdentityService } from '../sessions/identity.service.js';
import type { Connection } from './connection.js';

/** A session is looked at so many times within its time to live: to hold it open, and to see whether it still is. */
const LOOKS_PER_TTL = 3;
const MAX_DELAY_MS = 24 * 60 * 60_000;

type Settings = Pick<ResolvedOptions['sessions'], 'ttlMs' | 'expiryNoticeMs' | 'expiryGraceMs'>;

/**
 * Looks from time to time whether a connection still belongs to whom it did, which counts as a use of its session, tells the client
 * ahead when its token runs out, and ends the connection with the code that says why where no fresh one comes. Anonymous visitors
 * are not looked at.
 */
export class IdentityWatch {
  private timer: NodeJS.Timeout | undefined;
  /** The expiry that the client was told of. */
  private toldOf: number | undefined;
  private lookAt: number;

  constructor(
    private readonly connection: Connection,
    private readonly identities: IdentityService,
    private readonly settings: Settings,
    /** Is told that the connection was looked at and may stay. */
    private readonly onUse: () => void,
  ) {
    this.lookAt = this.nextLook();
    this.schedule();
  }

  /** The identity of the connection is a fresh one. */
  renew(): void {
    this.stop();
    this.schedule();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private get expiresAt(): number {
    return this.connection.identity.principal.expiresAt ?? Infinity;
  }

  /** When to look next: not within the grace, for then it would be over. */
  private get dueAt(): number {
    const endAt = this.expiresAt + this.settings.expiryGraceMs;
    return this.lookAt < this.expiresAt ? this.lookAt : endAt;
  }

  private nextLook(): number {
    const { session } = this.connection.identity;
    return session === null ? Infinity : Date.now() + this.settings.ttlMs / LOOKS_PER_TTL;
  }

  private schedule(): void {
    clearTimeout(this.timer);
    if (this.connection.closed) return;
    const { expiryNoticeMs } = this.settings;
    const noticeAt = this.toldOf === this.expiresAt ? Infinity : this.expiresAt - expiryNoticeMs;
    const at = Math.min(noticeAt, this.dueAt);
    if (at === Infinity) return;
    const delayMs = Math.min(Math.max(0, at - Date.now()), MAX_DELAY_MS);
    this.timer = setTimeout(() => void this.wake(), delayMs).unref();
  }

  private async wake(): Promise<void> {
    const now = Date.now();
    this.tellAhead(now);
    if (now >= this.dueAt) {
      const code = await this.look();
      if (code !== undefined) return this.connection.close(code);
      this.lookAt = this.nextLook();
    }
    this.schedule();
  }

  private tellAhead(now: number): void {
    const { expiresAt } = this;
    if (this.toldOf === expiresAt || now < expiresAt - this.settings.expiryNoticeMs) return;
    this.toldOf = expiresAt;
    this.connection.outlet.expiring({ inMs: Math.max(0, expiresAt - now) });
  }

  /** The code to close the connection with; undefined where it may stay, or the backend cannot say now. */
  private async look(): Promise<CloseCode | undefined> {
    try {
      await this.identities.recheck(this.connection.identity);
      this.onUse();
      return undefined;
    } catch (error) {
      return closeCodeOf(error);
    }
  }
}

/** What a connection is closed with whose identity does not hold any more; undefined where that cannot be said now. */
export function closeCodeOf(error: unknown): CloseCode | undefined {
  if (!(error instanceof RealtimeError) || error.temporary) return undefined;
  const { close } = (error.details ?? {}) as { close?: string };
  return close !== undefined && Object.hasOwn(CLOSE_CODES, close) ? (close as CloseCode) : 'session_expired';
}
