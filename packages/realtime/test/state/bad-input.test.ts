import { type Fields, RealtimeError } from '@nestwire/protocol';
import { IsInt, IsOptional, IsString } from 'class-validator';
import { type DocumentPolicy, RealtimeDocument } from '../../src/index.js';
import type { PatchOptions } from '../../src/state/commit-request.js';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

class Cart {
  @IsInt() qty!: number;
  @IsOptional() @IsString() note?: string;
}

@RealtimeDocument('cart:{id}', { type: Cart })
class CartDocument implements DocumentPolicy {
  canRead(): boolean {
    return true;
  }

  canWrite(): boolean {
    return true;
  }
}

@RealtimeDocument('bag:{id}')
class BagDocument extends CartDocument {}

interface Attempt {
  readonly id: string;
  readonly set: Fields;
  readonly ifVersion?: string;
}

/** Each way in answers with the code of the refusal. */
const WAYS: readonly [string, (app: RunningApp, attempt: Attempt) => Promise<string | undefined>][] = [
  [
    'the server',
    async ({ state }, { id, set, ...options }) => {
      const error: unknown = await state.patch(id, set, options as PatchOptions).catch((e: unknown) => e);
      return error instanceof RealtimeError ? error.code : undefined;
    },
  ],
  [
    'a command',
    async ({ url }, attempt) => {
      using client = await SocketClient.connect(url);
      const reply = await client.command('realtime.state.patch', attempt);
      return reply.ok ? undefined : reply.error.code;
    },
  ],
  [
    'HTTP',
    async ({ url }, { id, set, ifVersion }) => {
      const response = await fetch(`${url}/realtime/state/${id}`, {
        method: 'PATCH',
        headers: {
          'Content-Type': 'application/merge-patch+json',
          ...(ifVersion === undefined ? {} : { 'If-Match': `"${ifVersion}"` }),
        },
        body: JSON.stringify(set),
      });
      return ((await response.json()) as { error?: { code: string } }).error?.code;
    },
  ],
];

describe.each(WAYS)('bad input by way of %s', (way, attempt) => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({ policies: [CartDocument, BagDocument] });
    await app.state.patch('cart:1', { qty: 1 });
    await app.state.patch('bag:1', { a: 1 });
  });

  afterAll(() => app.close());

  const epoch = async () => (await app.state.get('bag:1'))!.version.split('-')[0]!;
  const cases: [string, string, string, () => Promise<Omit<Attempt, 'id'>>][] = [
    [
      'a field that the type does not declare',
      'cart:1',
      'bad_request',
      async () => ({ set: { qty: 2, admin: true } }),
    ],
    [
      'a value that the type does not allow',
      'cart:1',
      'bad_request',
      async () => ({ set: { note: 'x', qty: 'two' } }),
    ],
    [
      '__proto__ in any depth',
      'bag:1',
      'bad_request',
      async () => ({ set: { a: 2, b: [{ c: JSON.parse('{"__proto__":{"d":1}}') as unknown }] } }),
    ],
    [
      'a negative version',
      'bag:1',
      'bad_request',
      async () => ({ set: { a: 2 }, ifVersion: `${await epoch()}--1` }),
    ],
    [
      'a version that is no integer',
      'bag:1',
      'bad_request',
      async () => ({ set: { a: 2 }, ifVersion: `${await epoch()}-1.5` }),
    ],
    [
      'a version from the future',
      'bag:1',
      'conflict',
      async () => ({ set: { a: 2 }, ifVersion: `${await epoch()}-9` }),
    ],
    [
      'a version of another life',
      'bag:1',
      'conflict',
      async () => ({ set: { a: 2 }, ifVersion: '0123456789abcdef-1' }),
    ],
    [
      'two thousand fields',
      'bag:1',
      'too_large',
      async () => ({ set: Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`f${n}`, n])) }),
    ],
  ];

  it.each(cases)('%s changes nothing', async (_, id, code, draw) => {
    const before = await app.state.get(id);
    expect(await attempt(app, { id, ...(await draw()) })).toBe(code);
    expect(await app.state.get(id)).toEqual(before);
  });

  if (way !== 'the server') {
    it('a document that no policy opened is not written', async () => {
      expect(await attempt(app, { id: 'closed:1', set: { a: 1 } })).toBe('forbidden');
      // Opened to readers alone.
      expect(await attempt(app, { id: 'doc:1', set: { a: 1 } })).toBe('forbidden');
      expect(await app.state.get('closed:1')).toBeUndefined();
      expect(await app.state.get('doc:1')).toBeUndefined();
    });
  }
});

describe('a recipe that throws', () => {
  it('changes nothing, and its error is the caller’s', async () => {
    await using app = await startApp();
    await app.state.patch('doc:1', { a: 1 });
    const before = await app.state.get('doc:1');
    const failure = new Error('out of stock');
    const update = app.state.update<{ a: number }>('doc:1', (doc) => {
      doc.a = 2;
      throw failure;
    });
    await expect(update).rejects.toBe(failure);
    expect(await app.state.get('doc:1')).toEqual(before);
  });
});
