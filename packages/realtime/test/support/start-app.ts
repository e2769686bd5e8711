import type { INestApplication, LoggerService, ModuleMetadata, Type } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { waitFor } from '@nestwire/harness';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Connections } from '../../src/channels/connections.js';
import { Hub } from '../../src/channels/hub.js';
import {
  type ChannelPolicy,
  type DocumentPolicy,
  REALTIME_BACKEND,
  type Backend,
  RealtimeBroadcaster,
  RealtimeModule,
  type RealtimeModuleOptions,
  RealtimeSessions,
  RealtimeState,
} from '../../src/index.js';
import { OpenChannel, OpenDocument, StaffChannel } from './policies.js';

export type AdapterName = 'express' | 'fastify';

export interface AppOptions extends ModuleMetadata {
  options?: RealtimeModuleOptions;
  /** Policies beside those of `policies.ts`. */
  policies?: Type<ChannelPolicy | DocumentPolicy>[];
  /** Default `express`. */
  adapter?: AdapterName | AbstractHttpAdapter;
  /** Default: a free one. */
  port?: number;
  /** Before the application listens. */
  prepare?: (nest: INestApplication) => unknown;
}

/** A real application that listens on loopback. */
export interface RunningApp extends AsyncDisposable {
  readonly nest: INestApplication;
  readonly url: string;
  readonly realtime: RealtimeBroadcaster;
  readonly state: RealtimeState;
  readonly sessions: RealtimeSessions;
  readonly backend: Backend;
  readonly hub: Hub;
  readonly connections: Connections;
  /** Lines of the log, each with its level before it. */
  readonly logs: readonly string[];
  /** Resolves when nothing is left of any connection. */
  idle(): Promise<unknown>;
  close(): Promise<void>;
}

export async function startApp(options: AppOptions = {}): Promise<RunningApp> {
  const { options: realtime, policies = [], adapter = 'express', port = 0, prepare, ...metadata } = options;
  const log = new LogRecorder();
  const imports = [
    RealtimeModule.forRoot({ drainSpreadMs: 50, ...realtime }),
    RealtimeModule.forFeature([OpenChannel, StaffChannel, OpenDocument, ...policies]),
    ...(metadata.imports ?? []),
  ];
  const module = await Test.createTestingModule({ ...metadata, imports })
    .setLogger(log)
    .compile();
  const nest = module.createNestApplication(await adapterOf(adapter), { logger: log });
  await prepare?.(nest);
  await nest.listen(port, '127.0.0.1');
  return running(nest, log);
}

function running(nest: INestApplication, log: LogRecorder): RunningApp {
  const { port } = (nest.getHttpServer() as Server).address() as AddressInfo;
  const hub = nest.get(Hub, { strict: false });
  const connections = nest.get(Connections, { strict: false });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= nest.close());
  return {
    nest,
    url: `http://127.0.0.1:${port}`,
    realtime: nest.get(RealtimeBroadcaster, { strict: false }),
    state: nest.get(RealtimeState, { strict: false }),
    sessions: nest.get(RealtimeSessions, { strict: false }),
    backend: nest.get<Backend>(REALTIME_BACKEND, { strict: false }),
    hub,
    connections,
    logs: log.lines,
    idle: () =>
      waitFor(() => connections.all().length + hub.size === 0, {
        what: 'no connection and no channel to be left',
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Fastify is loaded where it is wanted: most tests do without. */
async function adapterOf(adapter: AdapterName | AbstractHttpAdapter): Promise<AbstractHttpAdapter> {
  if (adapter === 'express') return new ExpressAdapter();
  if (adapter !== 'fastify') return adapter;
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  return new FastifyAdapter();
}

class LogRecorder implements LoggerService {
  readonly lines: string[] = [];
  log = (...parts: unknown[]) => this.keep('log', parts);
  error = (...parts: unknown[]) => this.keep('error', parts);
  warn = (...parts: unknown[]) => this.keep('warn', parts);
  debug = (...parts: unknown[]) => this.keep('debug', parts);

  private keep(level: string, parts: unknown[]): void {
    this.lines.push([level, ...parts].map(String).join(' '));
  }
}
