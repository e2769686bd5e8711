import { Injectable } from '@nestjs/common';
import { COMMANDS, isOwnEventName } from '@nestwire/protocol';
import type { RealtimeClient } from '../sessions/identity.js';

export interface CommandHandler {
  /** What it resolves to is the reply's data; what it rejects with becomes an error reply by `toRealtimeError`. */
  run(client: RealtimeClient, data: unknown): Promise<unknown>;
  /** Roles of which the principal must hold one. Default: none is needed. */
  readonly roles?: readonly string[];
  /**
   * False for a command that may run any number of times, so that none of its ids is claimed and no reply kept.
   * Default true.
   */
  readonly recorded?: boolean;
}

interface Registered {
  readonly handler: CommandHandler;
  /** For error messages: `Orders.claim`. */
  readonly origin: string;
}

/** Every command there is, the application's and the library's own. */
@Injectable()
export class CommandRegistry {
  private readonly commands = new Map<string, Registered>();

  constructor() {
    this.register(COMMANDS.heartbeat, { recorded: false, run: async () => ({ time: Date.now() }) });
  }

  /**
   * Adds a command; to be called until the application has started.
   * @throws Error where the name is not one, or is taken.
   */
  register(name: string, handler: CommandHandler, origin = 'Nestwire'): void {
    if (!isOwnEventName(name))
      throw new Error(`Nestwire: ${JSON.stringify(name)} is not the name of a command`);
    const taken = this.commands.get(name);
    if (taken !== undefined) {
      throw new Error(
        `Nestwire: the command "${name}" is handled by both ${taken.origin} and ${origin}; it can have one handler`,
      );
    }
    this.commands.set(name, { handler, origin });
  }

  find(name: string): CommandHandler | undefined {
    return this.commands.get(name)?.handler;
  }
}
