import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { RealtimeState } from '../../src/state/state.service.js';
import { StateApp } from './fixtures/state-app.js';

const JSON_PATCH = { 'Content-Type': 'application/json-patch+json' };

describe.each(['express', 'fastify'] as const)('documents over HTTP on %s', (platform) => {
  it('are read with their version as ETag, not to be shared or reused unasked', async () => {
    await using app = await StateApp.start(platform);
    const { version } = await app.get(RealtimeState).patch('cart:1', { qty: 3, note: { a: [] } });
    const response = await app.read('cart:1');
    expect(response.status).toBe(200);
    expect(response.headers.get('etag')).toBe(`"${version}"`);
    expect(response.headers.get('cache-control')).toBe('private, no-cache');
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toEqual({ qty: 3, note: { a: [] } });
  });

  it('are not sent again to who has the version', async () => {
    await using app = await StateApp.start(platform);
    const { version } = await app.get(RealtimeState).patch('cart:1', { qty: 3 });
    for (const tag of [`"${version}"`, `W/"${version}"`, `"other", "${version}"`, '*']) {
      const response = await app.read('cart:1', { 'If-None-Match': tag });
      expect(response.status).toBe(304);
      expect(response.headers.get('etag')).toBe(`"${version}"`);
      expect(await response.text()).toBe('');
    }
    expect((await app.read('cart:1', { 'If-None-Match': '"other"' })).status).toBe(200);
  });

  it('answer 404 where there are none, and 403 where no policy opens them', async () => {
    await using app = await StateApp.start(platform);
    const missing = await app.read('cart:1');
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ error: { code: 'not_found', temporary: false } });
    expect((await app.read('secret:1')).status).toBe(403);
    expect((await app.patch('secret:1', { qty: 3 })).status).toBe(403);
  });

  it('have ids with a slash, percent-encoded', async () => {
    await using app = await StateApp.start(platform);
    expect((await app.patch('docs%2F1', { qty: 3 })).status).toBe(200);
    expect(await (await app.read('docs%2F1')).json()).toEqual({ qty: 3 });
    expect((await app.get(RealtimeState).get('docs/1'))?.fields).toEqual({ qty: 3 });
  });

  it('begin and change by a merge patch, whose answer has the new version', async () => {
    await using app = await StateApp.start(platform);
    await app.patch('cart:1', {
      qty: 3,
      note: 'x',
      ship: { to: { city: 'Bonn', zip: '53111' }, fast: true },
    });
    const response = await app.patch('cart:1', {
      note: null,
      ship: { to: { zip: null }, gift: true },
      gone: null,
    });
    expect(response.status).toBe(200);
    const { version, changed } = (await response.json()) as { version: string; changed: boolean };
    expect(changed).toBe(true);
    expect(response.headers.get('etag')).toBe(`"${version}"`);
    expect(await app.get(RealtimeState).get('cart:1')).toMatchObject({
      version,
      fields: { qty: 3, ship: { to: { city: 'Bonn' }, fast: true, gift: true } },
    });
  });

  it('change by a JSON Patch', async () => {
    await using app = await StateApp.start(platform);
    await app.patch('cart:1', { items: ['a', 'b'], qty: 2, note: 'x' });
    const operations = [
      { op: 'test', path: '/qty', value: 2 },
      { op: 'add', path: '/items/-', value: 'c' },
      { op: 'replace', path: '/qty', value: 3 },
      { op: 'remove', path: '/note' },
    ];
    expect((await app.patch('cart:1', operations, JSON_PATCH)).status).toBe(200);
    expect(await (await app.read('cart:1')).json()).toEqual({ items: ['a', 'b', 'c'], qty: 3 });
  });

  it('are left alone by a JSON Patch whose test fails, or that points nowhere', async () => {
    await using app = await StateApp.start(platform);
    const { version } = await app.get(RealtimeState).patch('cart:1', { qty: 2 });
    const first = { op: 'add', path: '/note', value: 'x' };
    const failed = await app.patch('cart:1', [first, { op: 'test', path: '/qty', value: 3 }], JSON_PATCH);
    expect(failed.status).toBe(409);
    expect(await failed.json()).toMatchObject({ error: { code: 'conflict', details: { path: '/qty' } } });
    const nowhere = await app.patch('cart:1', [first, { op: 'remove', path: '/qty/x' }], JSON_PATCH);
    expect(nowhere.status).toBe(400);
    expect((await app.get(RealtimeState).get('cart:1'))?.version).toBe(version);
  });

  it('change only at the version of If-Match; else 412 with what stands there', async () => {
    await using app = await StateApp.start(platform);
    const first = await app.patch('cart:1', { qty: 3 });
    const second = await app.patch('cart:1', { qty: 4 }, { 'If-Match': first.headers.get('etag')! });
    expect(second.status).toBe(200);
    const late = await app.patch('cart:1', { qty: 9, note: 'x' }, { 'If-Match': first.headers.get('etag')! });
    expect(late.status).toBe(412);
    const { version } = (await second.json()) as { version: string };
    expect(await late.json()).toMatchObject({
      error: {
        code: 'conflict',
        details: { version, fields: { qty: { value: 4, version } }, missing: ['note'] },
      },
    });
    expect((await app.patch('cart:1', { qty: 5 }, { 'If-Match': `W/"${version}"` })).status).toBe(200);
  });

  it('must exist for If-Match: *, and must not for If-None-Match: *', async () => {
    await using app = await StateApp.start(platform);
    expect((await app.patch('cart:1', { qty: 3 }, { 'If-Match': '*' })).status).toBe(412);
    expect((await app.patch('cart:1', { qty: 3 }, { 'If-None-Match': '*' })).status).toBe(200);
    expect((await app.patch('cart:1', { qty: 4 }, { 'If-None-Match': '*' })).status).toBe(412);
    expect((await app.patch('cart:1', { qty: 4 }, { 'If-Match': '*' })).status).toBe(200);
  });

  it.each<[string, unknown, Record<string, string>, number]>([
    ['plain JSON', { qty: 3 }, { 'Content-Type': 'application/json' }, 415],
    ['text', 'qty=3', { 'Content-Type': 'text/plain' }, 415],
    ['an encoded body', { qty: 3 }, { 'Content-Encoding': 'gzip' }, 415],
    ['no JSON', '{"qty":', {}, 400],
    ['nothing', '', {}, 400],
    ['an array as merge patch', [], {}, 400],
    ['__proto__ at depth', '{"a":{"__proto__":{"b":1}}}', {}, 400],
    ['an object as JSON Patch', { op: 'add' }, JSON_PATCH, 400],
    ['a version of nobody', { qty: 3 }, { 'If-Match': '"latest"' }, 400],
    ['two versions', { qty: 3 }, { 'If-Match': '"a", "b"' }, 400],
    ['both preconditions', { qty: 3 }, { 'If-Match': '*', 'If-None-Match': '*' }, 400],
    ['more than a message may have', { note: 'x'.repeat(3_000) }, {}, 413],
  ])('refuse %s', async (_, body, headers, status) => {
    await using app = await StateApp.start(platform, { limits: { maxMessageBytes: 2_000 } });
    const response = await app.patch('cart:1', body, headers);
    expect(response.status).toBe(status);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    expect(error.code).toBe(status === 413 ? 'too_large' : 'bad_request');
    expect(await app.get(RealtimeState).get('cart:1')).toBeUndefined();
  });

  it('say which patches they take where they refuse one', async () => {
    await using app = await StateApp.start(platform);
    const response = await app.patch('cart:1', { qty: 3 }, { 'Content-Type': 'application/json' });
    expect(response.headers.get('accept-patch')).toBe(
      'application/merge-patch+json, application/json-patch+json',
    );
  });

  it('are patched the same where the application parses such bodies itself', async () => {
    const types = ['application/merge-patch+json', 'application/json-patch+json'];
    await using app = await StateApp.start(platform, {}, (nest) => {
      const parsing = nest as NestExpressApplication & NestFastifyApplication;
      if (platform === 'express') parsing.useBodyParser('json', { type: types });
      else
        for (const type of types)
          parsing.useBodyParser(type, {}, (_request, body, done) => done(null, JSON.parse(String(body))));
    });
    expect((await app.patch('cart:1', { qty: 3 })).status).toBe(200);
    expect((await app.patch('cart:1', [{ op: 'remove', path: '/nope' }], JSON_PATCH)).status).toBe(400);
    expect(await (await app.read('cart:1')).json()).toEqual({ qty: 3 });
  });

  it('leave the application’s own routes as they were', async () => {
    await using app = await StateApp.start(platform);
    const response = await fetch(`${app.url}/own`, {
      method: 'PATCH',
      body: '{"qty":3}',
      headers: { 'Content-Type': 'application/merge-patch+json' },
    });
    // Express does not look at the type; Fastify does.
    expect(response.status).toBe(platform === 'fastify' ? 415 : 200);
    expect(await response.json()).not.toHaveProperty('body');
  });

  it('are left alone by a body that is cut off', async () => {
    await using app = await StateApp.start(platform);
    const cut = new AbortController();
    const body = new ReadableStream({
      start: (stream) => stream.enqueue(new TextEncoder().encode('{"qty":3')),
      pull: () => cut.abort(),
    });
    const request = { method: 'PATCH', body, duplex: 'half', signal: cut.signal } as RequestInit;
    const headers = { 'Content-Type': 'application/merge-patch+json' };
    await expect(fetch(`${app.url}/realtime/state/cart:1`, { ...request, headers })).rejects.toThrow('abort');
    expect((await app.read('cart:1')).status).toBe(404);
  });

  it('refuse a cookie-borne patch from a page of another site', async () => {
    await using app = await StateApp.start(platform);
    const cookie = { Cookie: 'realtime_session=x' };
    const cross = { 'Sec-Fetch-Site': 'cross-site' };
    expect((await app.patch('cart:1', { qty: 3 }, { ...cookie, ...cross })).status).toBe(403);
    expect(
      (await app.patch('cart:1', { qty: 3 }, { ...cookie, 'Sec-Fetch-Site': 'same-origin' })).status,
    ).toBe(200);
    expect((await app.patch('cart:1', { qty: 3 }, cross)).status).toBe(200);
  });

  it('answer failures with their code and status, and say nothing of the inside', async () => {
    const reported: unknown[] = [];
    await using app = await StateApp.start(platform, { onError: (error) => reported.push(error) });
    const answer = async (who: string) => {
      const response = await app.read('cart:1', { Authorization: `Bearer ${who}` });
      const { error } = (await response.json()) as { error: { code: string; message: string } };
      return { ...error, status: response.status, wait: response.headers.get('retry-after') };
    };
    expect(await answer('nobody')).toMatchObject({
      status: 401,
      code: 'unauthenticated',
      message: 'who are you?',
    });
    expect(await answer('hasty')).toMatchObject({
      status: 429,
      code: 'rate_limited',
      wait: '2',
      retryAfterMs: 1_200,
    });
    expect(await answer('teapot')).toMatchObject({
      status: 418,
      code: 'bad_request',
      message: 'short and stout',
    });
    expect(reported).toEqual([]);
    const broken = await answer('breaker');
    expect(broken).toMatchObject({ status: 500, code: 'internal' });
    expect(broken.message).not.toContain('1234');
    expect(reported).toHaveLength(1);
  });

  it('open to each what the policy opens', async () => {
    await using app = await StateApp.start(platform);
    const reader = { Authorization: 'Bearer reader' };
    const writer = { Authorization: 'Bearer writer' };
    expect((await app.patch('cart:1', { qty: 3 }, reader)).status).toBe(403);
    expect((await app.patch('cart:1', { price: 1 })).status).toBe(403);
    expect((await app.patch('cart:1', { qty: 3, a: { b: 1 } }, writer)).status).toBe(200);
    expect((await app.read('cart:1', writer)).status).toBe(403);
    const test = [{ op: 'test', path: '/qty', value: 3 }];
    expect((await app.patch('cart:1', test, { ...JSON_PATCH, ...writer })).status).toBe(403);
    const conflict = await app.patch('cart:1', { qty: 4 }, { ...writer, 'If-None-Match': '*' });
    expect(conflict.status).toBe(412);
    expect(JSON.stringify(await conflict.json())).not.toContain('"value"');
    expect(await (await app.read('cart:1', reader)).json()).toEqual({ qty: 3, a: { b: 1 } });
  });
});
