import type { INestApplication, LoggerService, ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import type { IncomingMessage } from 'node:http';
import { CommandDispatcher } from '../../src/commands/command-dispatcher.js';
import { RealtimeModule } from '../../src/realtime.module.js';
import type { RealtimeModuleOptions } from '../../src/realtime.options.js';
import type { RealtimeClient } from '../../src/sessions/identity.js';
import { ANONYMOUS } from '../../src/sessions/principal.js';

export interface TestApp extends AsyncDisposable {
  readonly nest: INestApplication;
  readonly logs: readonly LogLine[];
  /** Runs a command under an id of its own; the reply without it. */
  run(command: string, data?: unknown, client?: RealtimeClient): Promise<Record<string, unknown>>;
  dispatch(raw: unknown, client?: RealtimeClient): ReturnType<CommandDispatcher['dispatch']>;
}

export interface AppOptions extends ModuleMetadata {
  realtime?: RealtimeModuleOptions;
  /** Before start-up: `useGlobalGuards` and the like. */
  prepare?: (nest: INestApplication) => void;
  override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
}

/** A real application that has started, with its log kept. */
export async function testApp({
  realtime = {},
  prepare,
  override,
  ...metadata
}: AppOptions): Promise<TestApp> {
  const log = new LogRecorder();
  const imports = [RealtimeModule.forRoot(realtime), ...(metadata.imports ?? [])];
  const builder = Test.createTestingModule({ ...metadata, imports }).setLogger(log);
  const nest = (await (override?.(builder) ?? builder).compile()).createNestApplication();
  nest.useLogger(log);
  prepare?.(nest);
  await nest.init();
  const dispatcher = nest.get(CommandDispatcher, { strict: false });
  let commands = 0;
  return {
    nest,
    logs: log.lines,
    dispatch: (raw, client = anybody()) => dispatcher.dispatch(client, raw),
    async run(command, data, client = anybody()) {
      const { id: _, ...reply } = await dispatcher.dispatch(client, {
        id: `c${(commands += 1)}`,
        command,
        data,
      });
      return reply;
    },
    [Symbol.asyncDispose]: () => nest.close(),
  };
}

/** Somebody on a connection, signed in by nothing. */
export function anybody(client: Partial<RealtimeClient> = {}): RealtimeClient {
  return {
    principal: ANONYMOUS,
    session: null,
    transport: 'socket.io',
    connection: 'connection-1',
    request: { headers: { 'x-tenant': 'acme' } } as unknown as IncomingMessage,
    ...client,
  };
}

interface LogLine {
  readonly level: 'log' | 'error' | 'warn' | 'debug';
  readonly text: string;
}

class LogRecorder implements LoggerService {
  readonly lines: LogLine[] = [];
  log = (...parts: unknown[]) => this.keep('log', parts);
  error = (...parts: unknown[]) => this.keep('error', parts);
  warn = (...parts: unknown[]) => this.keep('warn', parts);
  debug = (...parts: unknown[]) => this.keep('debug', parts);

  private keep(level: LogLine['level'], parts: unknown[]): void {
    this.lines.push({ level, text: parts.map(String).join(' ') });
  }
}
