import type { FactoryProvider } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { DEFAULT_BASE_PATH } from '@nestwire/protocol';
import {
  REALTIME_OPTIONS,
  RealtimeModule,
  type RealtimeModuleOptions,
  type ResolvedOptions,
} from '@nestwire/realtime';
import { page, tableUnder } from '../src/index.js';

const { text } = page('docs/reference/options.md');
const sections = ['History', 'Sessions', 'Limits', 'SSE', 'Socket.IO', 'Observability', 'The rest'];
const rows = sections.flatMap((section) => tableUnder(text, section));
/** Those whose range is two numbers. */
const ranged = rows
  .map((row) => ({
    name: row.Option!,
    bounds: /^([\d,]+) to ([\d,]+)$/.exec(row.Range!)?.slice(1).map(toNumber),
  }))
  .filter((row): row is { name: string; bounds: [number, number] } => row.bounds !== undefined);

describe('the reference of options', () => {
  it('names every option, and no other', async () => {
    const defaults = flat(await resolve({}));
    expect(new Set(rows.map(({ Option }) => Option))).toEqual(new Set(defaults.keys()));
    expect(rows).toHaveLength(defaults.size);
  });

  it('tells the defaults', async () => {
    const defaults = flat(await resolve({}));
    const told = rows.filter(({ Default }) => /^\[?[\d,]+|^realtime_/.test(Default!));
    expect(told.map(({ Option, Default }) => [Option, Default])).toEqual(
      told.map(({ Option }) => [Option, display(defaults.get(Option!))]),
    );
    // The rest are words: what has no value to show.
    expect(rows.filter((row) => !told.includes(row)).map(({ Option }) => Option)).toEqual([
      'sessions.secureCookie',
      'sessions.binding',
      'limits.limitLoopback',
      'limits.trustProxy',
      'limits.clientIp',
      'metrics.endpoint',
      'metrics.registry',
      'backend',
      'authenticate',
      'origins',
      'stateSink',
      'onError',
    ]);
  });

  it('tells the defaults of the module itself', () => {
    const told = tableUnder(text, 'The module').map(({ Option, Default }) => [Option, Default]);
    expect(told).toEqual([
      ['basePath', DEFAULT_BASE_PATH],
      ['isGlobal', 'true'],
    ]);
  });

  it.each(ranged)('tells what is allowed: $name', ({ name, bounds: [least, most] }) => {
    expect(check(option(name, least))).toBeDefined();
    expect(check(option(name, most))).toBeDefined();
    expect(() => check(option(name, least - 1))).toThrow(name);
    expect(() => check(option(name, most + 1))).toThrow(name);
  });
});

describe('the limits of the README', () => {
  it('tell the defaults', async () => {
    const defaults = flat(await resolve({}));
    const told = tableUnder(page('README.md').text, 'Limits').filter(({ Option }) => Option !== '');
    expect(told.map(({ Option, Default }) => [Option, Default!.replace(/ (bytes|ms)$/, '')])).toEqual(
      told.map(({ Option }) => [Option, display(defaults.get(Option!))]),
    );
  });
});

/** The module's own provider of options alone: to make the whole module for each would take half a minute. */
function check(options: RealtimeModuleOptions): ResolvedOptions {
  const providers = Reflect.getMetadata('providers', RealtimeModule) as FactoryProvider<ResolvedOptions>[];
  const { useFactory } = providers.find(({ provide }) => provide === REALTIME_OPTIONS)!;
  return useFactory(options) as ResolvedOptions;
}

async function resolve(options: RealtimeModuleOptions): Promise<ResolvedOptions> {
  const imports = [RealtimeModule.forRoot(options)];
  const module = await Test.createTestingModule({ imports }).compile();
  const resolved = module.get<ResolvedOptions>(REALTIME_OPTIONS);
  await resolved.backend.stop();
  return resolved;
}

/** Options by their dotted names; what is an object of the application's own is one value. */
function flat(options: ResolvedOptions): Map<string, unknown> {
  const { backend, authenticate, stateSink, origins, onError, drainSpreadMs, ...groups } = options;
  const grouped = Object.entries(groups).flatMap(([group, values]) =>
    Object.entries(values).map(([name, value]): [string, unknown] => [`${group}.${name}`, value]),
  );
  return new Map<string, unknown>([
    ...grouped,
    ...Object.entries({ backend, authenticate, stateSink, origins, onError, drainSpreadMs }),
  ]);
}

/** The options with one of them set, and with room for it where another bounds it. */
function option(path: string, value: number): RealtimeModuleOptions {
  const [group = '', name] = path.split('.');
  if (name === undefined) return { [group]: value };
  if (path === 'sse.retryMs') return { sse: { retryMs: [Math.min(0, value), value] } };
  const room = path === 'sessions.ttlMs' ? { maxAgeMs: Number.MAX_SAFE_INTEGER } : {};
  return { [group]: { ...room, [name]: value } };
}

function display(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(display).join(', ')}]`;
  return typeof value === 'number' ? value.toLocaleString('en') : String(value);
}

function toNumber(digits: string): number {
  return Number(digits.replaceAll(',', ''));
}
