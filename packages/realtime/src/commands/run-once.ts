import { Inject, Injectable } from '@nestjs/common';
import { type Command, RealtimeError } from '@nestwire/protocol';
import { LRUCache } from 'lru-cache';
import type { Backend } from '../backend/backend.js';
import { type ClaimOutcome, COMMAND_RECORD_TTL_MS } from '../backend/command-store.js';
import { ErrorReporter } from '../observability/error-reporter.js';
import { REALTIME_BACKEND } from '../realtime.tokens.js';
import { commandDigest } from './command-digest.js';
import { NodeDirectory } from '../backend/node-directory.js';

/** Runs a command, and resolves with its reply as JSON text. Never rejects. */
export type Execution = () => Promise<string>;

interface Run {
  readonly scope: string;
  readonly command: Command;
  readonly digest: string;
}

/** What the backend could not be told, or could not tell: a reply it does not have, or that a claim may have been made and nothing ran. */
interface Leftover {
  readonly reply?: string;
}

/** Leftovers kept on this node, in bytes and in number. Where one is gone, the outcome is unknown: nothing runs twice for it. */
const MAX_LEFTOVER_BYTES = 16 * 1024 * 1024;
const MAX_LEFTOVERS = 10_000;
/** When to ask again after a command that runs on another node, in milliseconds. */
const ASK_AGAIN_MS = 1_000;

/** Makes a command's id run once, by the record in the backend. */
@Injectable()
export class RunOnce {
  private readonly running = new Map<string, { digest: string; reply: Promise<string> }>();
  private readonly leftovers = new LRUCache<string, Leftover>({
    max: MAX_LEFTOVERS,
    maxSize: MAX_LEFTOVER_BYTES,
    sizeCalculation: ({ reply = '' }) => 1 + 2 * reply.length,
    ttl: COMMAND_RECORD_TTL_MS,
  });

  constructor(
    @Inject(REALTIME_BACKEND) private readonly backend: Backend,
    private readonly nodes: NodeDirectory,
    private readonly errors: ErrorReporter,
  ) {}

  /**
   * The reply of the first command with this id in this scope: of this one, which is run then, of one that ran, or of one that is still
   * running on this node, which is waited for.
   * @throws RealtimeError `conflict` where the id stands for another body; `unavailable` where the backend cannot be asked, and nothing ran;
   * `unavailable` with `details.outcome` `"unknown"` where it was claimed elsewhere: temporary while that node may be running it.
   */
  async reply(scope: string, command: Command, execute: Execution): Promise<string> {
    const digest = commandDigest(command);
    const key = keyOf(scope, command);
    const current = this.running.get(key);
    if (current !== undefined && current.digest !== digest) throw conflict(command);
    if (current !== undefined) return current.reply;
    const reply = this.claimAndRun({ scope, command, digest }, execute).finally(() =>
      this.running.delete(key),
    );
    this.running.set(key, { digest, reply });
    return reply;
  }

  private async claimAndRun(run: Run, execute: Execution): Promise<string> {
    const claim = await this.claim(run);
    if (claim.status === 'conflict') throw conflict(run.command);
    if (claim.status === 'settled') return claim.reply;
    return claim.status === 'claimed' ? this.execute(run, execute) : this.resume(run, claim.node, execute);
  }

  private async claim({ scope, command, digest }: Run): Promise<ClaimOutcome> {
    try {
      return await this.backend.commands.claim({ scope, id: command.id, digest, node: this.nodes.id });
    } catch (cause) {
      const key = keyOf(scope, command);
      // Not where a reply is waiting to be told: that one did run.
      if (!this.leftovers.has(key)) this.leftovers.set(key, {});
      if (!(cause instanceof RealtimeError))
        this.errors.report(cause, { during: 'backend', command: command.command });
      throw new RealtimeError(
        'unavailable',
        'the record of commands cannot be reached; the command was not run',
        { cause },
      );
    }
  }

  private async execute({ scope, command }: Run, execute: Execution): Promise<string> {
    const key = keyOf(scope, command);
    this.leftovers.delete(key);
    const reply = await execute();
    try {
      await this.backend.commands.settle(scope, command.id, reply);
    } catch (error) {
      this.leftovers.set(key, { reply });
      this.errors.report(error, { during: 'backend', command: command.command });
    }
    return reply;
  }

  /** A claim without a reply, that is not in {@link running}: another node's, or one of this node whose end or beginning was lost. */
  private async resume(run: Run, node: string, execute: Execution): Promise<string> {
    if (node !== this.nodes.id) throw await this.outcomeElsewhere(node);
    const leftover = this.leftovers.get(keyOf(run.scope, run.command));
    if (leftover === undefined) throw outcomeUnknown('its reply was lost', { temporary: false });
    return leftover.reply ?? this.execute(run, execute);
  }

  private async outcomeElsewhere(node: string): Promise<RealtimeError> {
    return (await this.mayBeAlive(node))
      ? outcomeUnknown('another node is running it', { retryAfterMs: ASK_AGAIN_MS })
      : outcomeUnknown('the node that was running it has died', { temporary: false });
  }

  private async mayBeAlive(node: string): Promise<boolean> {
    try {
      return await this.nodes.isAlive(node);
    } catch (error) {
      this.errors.report(error, { during: 'backend' });
      return true;
    }
  }
}

/** An id cannot hold a NUL, so that no two pairs meet. */
function keyOf(scope: string, { id }: Command): string {
  return `${scope}\0${id}`;
}

function conflict({ id }: Command): RealtimeError {
  return new RealtimeError('conflict', `the id "${id}" was used for another command`);
}

function outcomeUnknown(
  message: string,
  options: { temporary?: boolean; retryAfterMs?: number },
): RealtimeError {
  return new RealtimeError('unavailable', message, { ...options, details: { outcome: 'unknown' } });
}
