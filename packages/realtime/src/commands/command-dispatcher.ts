import { Inject, Injectable, Logger } from '@nestjs/common';
import { type Command, COMMANDS, RealtimeError, type Reply } from '@nestwire/protocol';
import { BackendWatch } from '../observability/backend-watch.js';
import { Counters } from '../observability/counters.js';
import { ErrorReporter } from '../observability/error-reporter.js';
import type { ResolvedOptions } from '../realtime.options.js';
import { REALTIME_OPTIONS } from '../realtime.tokens.js';
import type { RealtimeClient } from '../sessions/identity.js';
import { parseCommand, readCommandId } from './command-parser.js';
import { type CommandHandler, CommandRegistry } from './command-registry.js';
import { toRealtimeError } from './exception-mapping.js';
import { FilteredError } from './filter-reply.js';
import { RunOnce } from './run-once.js';

/**
 * Runs clients' commands, whatever transport brought them.
 *
 * An id runs once per session, else per connection: sent again with the same body it gets the first reply, until 10 minutes after it was
 * claimed. That goes for every reply of a command that was let through to its guards, refusals and temporary errors too: who wants
 * to try again after such a reply takes a new id. The exception is `unavailable` with `details.outcome` `"unknown"`, which says that
 * there is no reply yet: asking again under the same id is then the only way not to run it twice. What fails earlier (it cannot be
 * read, there is no such command, a role is missing, the backend is away) is not recorded. A client with neither a session nor a
 * connection, and a command registered with `recorded: false`, have no record at all: each time is a run.
 */
@Injectable()
export class CommandDispatcher {
  private readonly logger = new Logger('Nestwire');
  private readonly executing = new Set<Promise<string>>();

  constructor(
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
    private readonly registry: CommandRegistry,
    private readonly runOnce: RunOnce,
    private readonly errors: ErrorReporter,
    private readonly counters: Counters,
    private readonly backend: BackendWatch,
  ) {}

  /** The reply to whatever a client has sent, as plain JSON. Never rejects; the reply's id is null where none could be read. */
  async dispatch(client: RealtimeClient, raw: unknown): Promise<Reply> {
    const reply = await this.replyTo(client, raw);
    this.counters.commands[reply.ok ? 'ok' : reply.error.code] += 1;
    return reply;
  }

  private async replyTo(client: RealtimeClient, raw: unknown): Promise<Reply> {
    try {
      const command = parseCommand(raw, this.options.limits);
      const handler = this.registry.find(command.command);
      if (handler === undefined)
        throw new RealtimeError('not_found', `there is no command "${command.command}"`);
      assertRole(client, handler);
      return JSON.parse(await this.reply(client, command, handler)) as Reply;
    } catch (error) {
      return this.refusal(readCommandId(raw), error);
    }
  }

  /** Resolves once no command is running: for a shutdown that has closed the doors. */
  async idle(): Promise<void> {
    while (this.executing.size > 0) await Promise.all(this.executing);
  }

  private async reply(client: RealtimeClient, command: Command, handler: CommandHandler): Promise<string> {
    const scope = handler.recorded === false ? undefined : scopeOf(client);
    const execute = async (): Promise<string> => this.track(this.execute(client, command, handler));
    if (scope !== undefined) return this.runOnce.reply(scope, command, execute);
    // Those with a record cannot be claimed either; who is cut off does not know who was revoked.
    if (!this.backend.isAvailable && command.command !== COMMANDS.heartbeat)
      throw new RealtimeError('unavailable', 'the backend cannot be reached; the command was not run');
    return execute();
  }

  private async track(execution: Promise<string>): Promise<string> {
    this.executing.add(execution);
    try {
      return await execution;
    } finally {
      this.executing.delete(execution);
    }
  }

  private async execute(client: RealtimeClient, command: Command, handler: CommandHandler): Promise<string> {
    const { id } = command;
    try {
      const data = await handler.run(client, command.data);
      return this.toText({ id, ok: true, data }, command);
    } catch (error) {
      return this.toText(this.refusal(id, error, command.command), command);
    }
  }

  /** The reply as JSON text; one that is no JSON, or too big, is refused, although the command has run. */
  private toText(reply: Reply, { id, command }: Command): string {
    const { maxEventBytes } = this.options.limits;
    let text: string;
    try {
      text = JSON.stringify(reply);
    } catch (error) {
      return JSON.stringify(this.refusal(id, error, command));
    }
    if (Buffer.byteLength(text) <= maxEventBytes) return text;
    const tooLarge = new RealtimeError(
      'too_large',
      `the command has run, but its reply is larger than ${maxEventBytes} bytes`,
    );
    this.errors.report(tooLarge, { during: 'command', command });
    return JSON.stringify(this.refusal(id, tooLarge, command));
  }

  /** The error reply. The server's own faults are reported, a client's are the client's business. */
  private refusal(id: string | null, exception: unknown, command?: string): Reply {
    const error = toRealtimeError(exception);
    const isOurs = error.code === 'internal' && !(error instanceof FilteredError);
    if (isOurs) this.errors.report(error.cause ?? error, { during: 'command', command });
    // Quoted: a message may repeat what the client sent.
    else this.logger.debug(`${command ?? 'a command'}: ${error.code}: ${JSON.stringify(error.message)}`);
    return { id, ok: false, error: error.toBody() };
  }
}

/** The user is part of it: a session that was planted while it was anonymous must not show one user's replies to another. */
function scopeOf({ session, connection, principal }: RealtimeClient): string | undefined {
  if (session !== null) return `session:${session.sid}:${principal.userId ?? ''}`;
  return connection === null ? undefined : `connection:${connection}`;
}

function assertRole({ principal }: RealtimeClient, { roles }: CommandHandler): void {
  if (roles === undefined || roles.some((role) => principal.roles.includes(role))) return;
  throw new RealtimeError('forbidden', 'a role that this command needs is missing');
}
