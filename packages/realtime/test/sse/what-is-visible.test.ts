import { bearer, knownTokens } from '../support/known-tokens.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const TOKENS = { staff: { userId: '1', roles: ['staff'] }, both: { userId: '2', roles: ['boss', 'staff'] } };

describe('who is sent what', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({ options: { authenticate: knownTokens(TOKENS) } });
  });

  afterAll(() => app.close());

  function connect(channel: string, token?: keyof typeof TOKENS, lastEventId?: string): Promise<SseClient> {
    const headers = token === undefined ? {} : bearer(token);
    return SseClient.connect(
      app.url,
      channel,
      lastEventId === undefined ? { headers } : { headers, lastEventId },
    );
  }

  it('delivers an event for roles to those who hold one of them', async () => {
    using anybody = await connect('open:roles');
    using staff = await connect('open:roles', 'staff');
    using both = await connect('open:roles', 'both');

    await app.realtime.publish('open:roles', 'e', 1, { forRoles: ['staff'] });
    await app.realtime.publish('open:roles', 'e', 2, { forRoles: ['boss', 'other'] });
    await app.realtime.publish('open:roles', 'e', 3);
    for (const client of [anybody, staff, both])
      await client.until(() => client.events('open:roles').at(-1)?.d === 3, 'the last');

    expect(anybody.offsets('open:roles')).toEqual([3]);
    expect(staff.offsets('open:roles')).toEqual([1, 3]);
    expect(both.offsets('open:roles')).toEqual([1, 2, 3]);
  });

  it('replays it to those alone too', async () => {
    using anybody = await connect('open:replay');
    const cursor = anybody.cursor!;
    await app.realtime.publish('open:replay', 'e', 1, { forRoles: ['staff'] });
    await app.realtime.publish('open:replay', 'e', 2);

    using again = await connect('open:replay', undefined, cursor);
    using staff = await connect('open:replay', 'staff', cursor);
    await again.received('open:replay', 1);
    await staff.received('open:replay', 2);

    expect(again.offsets('open:replay')).toEqual([2]);
    expect(staff.offsets('open:replay')).toEqual([1, 2]);
  });

  it('moves the cursor past what is not seen, within about a second and with nothing else', async () => {
    using client = await connect('open:silent');
    const before = client.cursor!;

    await app.realtime.publish('open:silent', 'e', 1, { forRoles: ['boss'] });
    await client.until(() => client.cursor !== before, { what: 'a cursor', timeoutMs: 2_500 });

    expect(client.story).toEqual(['ready', 'cursor', 'cursor']);
    using again = await connect('open:silent', undefined, client.cursor);
    expect(again.ready.channels).toEqual({ 'open:silent': { recovered: true, replay: 0 } });
  });

  it('lets the next event that is seen carry the cursor past those that are not', async () => {
    using client = await connect('open:carry');

    await app.realtime.publish('open:carry', 'e', 1, { forRoles: ['boss'] });
    await app.realtime.publish('open:carry', 'e', 2);
    await client.received('open:carry', 1);

    using again = await connect('open:carry', undefined, client.cursor);
    expect(again.ready.channels).toEqual({ 'open:carry': { recovered: true, replay: 0 } });
  });

  it('does not deliver an event whose time is over, to a replay as little as to anybody', async () => {
    const first = await connect('open:ttl');
    first.destroy();
    await app.realtime.publish('open:ttl', 'e', 'short', { ttlMs: 1 });
    await app.realtime.publish('open:ttl', 'e', 'long', { ttlMs: 60_000 });
    const until = Date.now() + 2;
    await first.until(() => Date.now() > until, 'the end of its time');

    using client = await connect('open:ttl', undefined, first.cursor);
    await client.received('open:ttl', 1);
    await client.until(() => client.control('replay-end').length === 1, 'the end of the replay');

    expect(client.ready.channels).toEqual({ 'open:ttl': { recovered: true, replay: 2 } });
    expect(client.events()).toMatchObject([{ o: 2, d: 'long' }]);
    using again = await connect('open:ttl', undefined, client.cursor);
    expect(again.ready.channels).toEqual({ 'open:ttl': { recovered: true, replay: 0 } });
  });

  it('carries the correlation id, live and replayed', async () => {
    using client = await connect('open:x');
    const cursor = client.cursor!;
    await app.realtime.publish('open:x', 'e', 1, { correlationId: 'request-7' });
    await client.received('open:x', 1);
    using again = await connect('open:x', undefined, cursor);
    await again.received('open:x', 1);

    expect(client.events()).toMatchObject([{ x: 'request-7' }]);
    expect(again.events()).toMatchObject([{ x: 'request-7', r: 1 }]);
  });
});
