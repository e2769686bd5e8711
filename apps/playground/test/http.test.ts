import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from '../src/app.js';
import { banner } from '../src/banner.js';

let app: NestExpressApplication;
let url: string;

beforeAll(async () => {
  app = await createApp();
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});

afterAll(() => app.close());

test('it says where it is, what it runs on, and what to try', () => {
  const text = banner(app, 'http://[::1]:3000');
  expect(text).toContain('http://localhost:3000');
  expect(text).toContain('memory');
  expect(text).toContain('Try this');
});

test('a first visit gives a session with a name, and later ones keep it', async () => {
  const cookie = await visit();
  expect(cookie).toMatch(/^realtime_session=/);
  const name = await nameOf(cookie);
  expect(name).toMatch(/^\w+ \w+$/);
  const again = await fetch(url, { headers: { cookie } });
  expect(again.headers.get('set-cookie')).toBeNull();
  expect(await nameOf(cookie)).toBe(name);
});

test('everything comes from the application, and nothing inline runs', async () => {
  const response = await fetch(url);
  const html = await response.text();
  expect(response.headers.get('content-security-policy')).toContain("script-src 'self'");
  expect(html).not.toMatch(/https?:\/\//);
  const links = [...html.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css|svg))"/g)].map(([, path]) => path!);
  const statuses = await Promise.all(links.map(async (path) => (await fetch(url + path)).status));
  expect(statuses).toEqual(links.map(() => 200));
  expect(links.length).toBeGreaterThan(5);
});

test('who has no session can look at the machine, and at nothing else', async () => {
  const signal = AbortSignal.timeout(5_000);
  const machine = await fetch(`${url}/realtime/sse?channels=machine:local`, { signal });
  expect(machine.status).toBe(200);
  await machine.body?.cancel();
  expect((await fetch(`${url}/realtime/sse?channels=board:main`)).status).toBe(403);
  expect((await fetch(`${url}/api/tickets`)).status).toBe(401);
  expect((await fetch(`${url}/realtime/state/ticket:T-1`)).status).toBe(403);
});

test('with more than eight tickets the oldest go, and cannot be written any more', async () => {
  const cookie = await visit();
  for (let number = 1; number <= 6; number += 1) await open(cookie, `Ticket ${number}`);
  const tickets = await list(cookie);
  expect(tickets.map(({ id }) => id)).toEqual(['T-9', 'T-8', 'T-7', 'T-6', 'T-5', 'T-4', 'T-3', 'T-2']);
  expect(await patch(cookie, 'T-1', { title: 'Back again' })).toMatchObject({ error: { code: 'forbidden' } });
  expect(await patch(cookie, 'T-9', { openedBy: 'Nobody' })).toMatchObject({ error: { code: 'forbidden' } });
  expect(await patch(cookie, 'T-9', { title: 'Better' })).toMatchObject({ ok: true });
});

test('of two visitors who claim a ticket, one gets it; only that one releases it', async () => {
  const [first, second] = [await visit(), await visit()];
  const { id } = await open(first, 'Mine');
  const replies = await Promise.all([first, second].map((cookie) => command(cookie, 'ticket.claim', { id })));
  expect(replies.filter(({ ok }) => ok)).toHaveLength(1);
  expect(replies.find(({ ok }) => !ok)).toMatchObject({ error: { code: 'conflict' } });
  const [owner, other] = replies[0]!.ok ? [first, second] : [second, first];
  expect(await command(other, 'ticket.release', { id })).toMatchObject({ error: { code: 'forbidden' } });
  expect(await command(owner, 'ticket.release', { id })).toMatchObject({ ok: true });
});

test('a visitor who writes too fast is told to wait, by whatever way', async () => {
  const cookie = await visit();
  const replies = await Promise.all(
    Array.from({ length: 100 }, (_, index) => patch(cookie, 'T-9', { note: `Note ${index}` })),
  );
  expect(replies.filter(({ ok }) => ok).length).toBeLessThan(100);
  expect(replies.find(({ ok }) => !ok)).toMatchObject({ error: { code: 'rate_limited', temporary: true } });
  const response = await post(cookie, '/api/tickets', { title: 'One more' });
  expect(response.status).toBe(429);
});

test.each([{}, { title: '' }, { title: 'x'.repeat(81) }, { title: 'x', owner: 'me' }])(
  'a ticket such as %j is refused',
  async (ticket) => {
    expect((await post(await visit(), '/api/tickets', ticket)).status).toBe(400);
  },
);

async function visit(): Promise<string> {
  const response = await fetch(url);
  return response.headers.get('set-cookie')!.split(';')[0]!;
}

async function nameOf(cookie: string): Promise<string> {
  const response = await fetch(`${url}/api/me`, { headers: { cookie } });
  return ((await response.json()) as { name: string }).name;
}

async function list(cookie: string): Promise<{ id: string }[]> {
  const response = await fetch(`${url}/api/tickets`, { headers: { cookie } });
  return (await response.json()) as { id: string }[];
}

async function open(cookie: string, title: string): Promise<{ id: string }> {
  return (await (await post(cookie, '/api/tickets', { title })).json()) as { id: string };
}

function patch(cookie: string, id: string, set: object): Promise<{ ok: boolean }> {
  return command(cookie, 'realtime.state.patch', { id: `ticket:${id}`, set });
}

async function command(cookie: string, name: string, data: object): Promise<{ ok: boolean }> {
  const body = { id: crypto.randomUUID(), command: name, data };
  return (await (await post(cookie, '/realtime/commands', body)).json()) as { ok: boolean };
}

function post(cookie: string, path: string, body: object): Promise<Response> {
  const headers = { cookie, 'Content-Type': 'application/json' };
  return fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
}
