import type { DebugLog } from '../debug-log.js';
import type { TokenSource } from '../options.js';
import type { Link } from '../transports/link.js';
import { MAX_DELAY_MS, retryDelayMs } from './backoff.js';
import { isRenewable } from './token.js';

const RETRY = { baseMs: 1_000, maxMs: 30_000 };
/**
 * A token that is about to run out when it comes is not got again at once, and later each time: its clock may be another than ours. The
 * server says in time when it does run out.
 */
const HASTE = { leastMs: 1_000, mostMs: 60_000 };

/** A fresh token is got when a fifth of the old one's life is left, but no more than a minute ahead. */
const AHEAD_SHARE = 0.2;
const MAX_AHEAD_MS = 60_000;

/** Hands a fresh token in before the old one runs out, so that the connection goes on. Only where the token is a function. */
export class TokenRefresh {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private link: Link | undefined;
  private isRenewing = false;
  /** Tokens in a row that were about to run out when they came. */
  private hasty = 0;

  constructor(
    private readonly source: TokenSource | undefined,
    private readonly debug: DebugLog,
  ) {}

  start(link: Link, token: string | undefined): void {
    this.stop();
    this.link = link;
    this.isRenewing = false;
    this.hasty = 0;
    this.plan(link, expiryOf(token));
  }

  stop(): void {
    clearTimeout(this.timer);
    this.link = undefined;
  }

  /** Now, whatever was planned: the server says that the token runs out, of one too that does not say so itself. */
  hurry(): void {
    clearTimeout(this.timer);
    if (this.link !== undefined && !this.isRenewing) void this.renew(this.link, 0);
  }

  private plan(link: Link, expiresAt: number | undefined): void {
    const delayMs = refreshDelayMs(expiresAt);
    if (delayMs === undefined) return;
    const leastMs = Math.min(HASTE.mostMs, HASTE.leastMs * 2 ** this.hasty);
    this.hasty = delayMs < leastMs ? this.hasty + 1 : 0;
    this.timer = setTimeout(() => void this.renew(link, 0), Math.max(leastMs, delayMs));
  }

  /** Tried again until the server ends the connection, which says why. */
  private async renew(link: Link, attempt: number): Promise<void> {
    if (!isRenewable(this.source)) return;
    this.isRenewing = true;
    try {
      const token = await this.source();
      if (token === undefined || this.link !== link) return;
      const reply = await link.renew(token);
      if (!reply.ok) throw new Error(reply.error.message);
      this.debug.add('connection', 'handed a fresh token in');
      if (this.link !== link) return;
      const { expiresAt } = (reply.data ?? {}) as { expiresAt?: number | null };
      this.plan(link, expiresAt ?? expiryOf(token));
    } catch (error) {
      this.debug.add('connection', 'a fresh token could not be handed in', String(error));
      if (this.link !== link) return;
      this.timer = setTimeout(() => void this.renew(link, attempt + 1), retryDelayMs(attempt, RETRY));
    } finally {
      if (this.link === link) this.isRenewing = false;
    }
  }
}

/** When to get a fresh token, in milliseconds from now; undefined where it does not say when it ends. */
function refreshDelayMs(expiresAt: number | undefined, now = Date.now()): number | undefined {
  if (expiresAt === undefined) return undefined;
  const lifeMs = Math.max(0, expiresAt - now);
  return Math.min(lifeMs - Math.min(MAX_AHEAD_MS, lifeMs * AHEAD_SHARE), MAX_DELAY_MS);
}

/** When a JWT says that it ends, milliseconds since 1970. It is not checked: that is the server's part. */
function expiryOf(token: string | undefined): number | undefined {
  try {
    const payload = token!.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    const { exp } = JSON.parse(atob(payload)) as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1_000 : undefined;
  } catch {
    return undefined;
  }
}
