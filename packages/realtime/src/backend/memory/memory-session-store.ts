import { frozenCopy } from '../../sessions/frozen-copy.js';
import {
  MAX_RESUME_SUCCESSORS,
  type Resumed,
  type SessionChanges,
  type SessionStore,
  type StoredResumption,
  type StoredSession,
  type StoredTicket,
} from '../session-store.js';

/** How often a write also clears away what has ended, in milliseconds. */
const SWEEP_INTERVAL_MS = 60_000;

interface Chain {
  readonly sid: string;
  readonly secretHash: string;
  readonly previous?: string;
  readonly successors: readonly string[];
  readonly expiresAt: number;
}

/**
 * Sessions, tickets and chains of resume tokens in memory. What has ended is never found again, and is freed by a write within
 * {@link SWEEP_INTERVAL_MS}; without writes nothing grows, so there is no timer to stop.
 */
export class MemorySessionStore implements SessionStore {
  private readonly sessions = new Map<string, StoredSession>();
  private readonly sidsByHash = new Map<string, string>();
  private readonly sidsByUser = new Map<string, Set<string>>();
  private readonly tickets = new Map<string, StoredTicket>();
  private readonly chains = new Map<string, Chain>();
  private sweptAt: number;

  /** `now` is the clock that records end by, in milliseconds since 1970. Default `Date.now`. */
  constructor(private readonly now: () => number = Date.now) {
    this.sweptAt = now();
  }

  async create(session: StoredSession): Promise<boolean> {
    this.sweep();
    if (this.living(session.sid) !== undefined) return false;
    this.put(frozenCopy(session));
    return true;
  }

  async find(sid: string): Promise<StoredSession | undefined> {
    return this.living(sid);
  }

  async findBySecretHash(secretHash: string): Promise<StoredSession | undefined> {
    const sid = this.sidsByHash.get(secretHash);
    return sid === undefined ? undefined : this.living(sid);
  }

  async update(sid: string, ifSecretHash: string, changes: SessionChanges): Promise<boolean> {
    this.sweep();
    const session = this.living(sid);
    if (session?.secretHash !== ifSecretHash || session.revokedAt !== undefined) return false;
    this.drop(session);
    this.put({ ...session, ...frozenCopy(changes) });
    return true;
  }

  async listByUser(userId: string): Promise<string[]> {
    const sids = [...(this.sidsByUser.get(userId) ?? [])];
    return sids.filter((sid) => this.living(sid) !== undefined);
  }

  async putTicket(ticketHash: string, ticket: StoredTicket): Promise<void> {
    this.sweep();
    this.tickets.set(ticketHash, frozenCopy(ticket));
  }

  async findTicket(ticketHash: string): Promise<StoredTicket | undefined> {
    const ticket = this.tickets.get(ticketHash);
    if (ticket === undefined || ticket.expiresAt > this.now()) return ticket;
    this.tickets.delete(ticketHash);
    return undefined;
  }

  async putResumption(chain: string, { tokenHash, ...rest }: StoredResumption): Promise<void> {
    this.sweep();
    this.chains.set(chain, { ...rest, successors: [tokenHash] });
  }

  async resume(
    chain: string,
    tokenHash: string,
    successorHash: string,
    expiresAt: number,
  ): Promise<Resumed | undefined> {
    const known = this.livingChain(chain);
    if (known === undefined) return undefined;
    const successors = successorsAfter(known, tokenHash, successorHash);
    if (successors !== undefined)
      this.chains.set(chain, { ...known, previous: tokenHash, successors, expiresAt });
    return { sid: known.sid, secretHash: known.secretHash, isReplay: successors === undefined };
  }

  async moveResumption(chain: string, ifTokenHash: string, expiresAt: number): Promise<void> {
    const known = this.livingChain(chain);
    if (known?.successors.at(-1) === ifTokenHash) this.chains.set(chain, { ...known, expiresAt });
  }

  private livingChain(chain: string): Chain | undefined {
    const known = this.chains.get(chain);
    if (known === undefined || known.expiresAt > this.now()) return known;
    this.chains.delete(chain);
    return undefined;
  }

  private living(sid: string): StoredSession | undefined {
    const session = this.sessions.get(sid);
    if (session === undefined || endOf(session) > this.now()) return session;
    this.drop(session);
    return undefined;
  }

  private put(session: StoredSession): void {
    this.sessions.set(session.sid, Object.freeze(session));
    this.sidsByHash.set(session.secretHash, session.sid);
    const { userId } = session.principal;
    if (userId === undefined || session.revokedAt !== undefined) return;
    const sids = this.sidsByUser.get(userId) ?? new Set();
    this.sidsByUser.set(userId, sids.add(session.sid));
  }

  private drop({ sid, secretHash, principal: { userId } }: StoredSession): void {
    this.sessions.delete(sid);
    this.sidsByHash.delete(secretHash);
    if (userId === undefined) return;
    const sids = this.sidsByUser.get(userId);
    sids?.delete(sid);
    if (sids?.size === 0) this.sidsByUser.delete(userId);
  }

  private sweep(): void {
    const now = this.now();
    if (now - this.sweptAt < SWEEP_INTERVAL_MS) return;
    this.sweptAt = now;
    for (const session of this.sessions.values()) if (endOf(session) <= now) this.drop(session);
    for (const [hash, ticket] of this.tickets) if (ticket.expiresAt <= now) this.tickets.delete(hash);
    for (const [id, chain] of this.chains) if (chain.expiresAt <= now) this.chains.delete(id);
  }
}

/** The tokens that may be used next; undefined where this one is used up. */
function successorsAfter(
  { previous, successors }: Chain,
  tokenHash: string,
  successorHash: string,
): readonly string[] | undefined {
  if (successors.includes(tokenHash)) return [successorHash];
  if (tokenHash !== previous) return undefined;
  return [...successors, successorHash].slice(-MAX_RESUME_SUCCESSORS);
}

function endOf(session: StoredSession): number {
  return session.revokedAt === undefined ? session.expiresAt : session.endsAt;
}
