import { waitFor } from '@nestwire/harness';
import {
  assertText,
  type Attributed,
  offsetsIn,
  type Playground,
  startPlayground,
} from './support/playground.js';

let playground: Playground;

beforeAll(async () => {
  playground = await startPlayground();
});

afterEach(() => playground.closePages());

afterAll(() => playground[Symbol.asyncDispose]());

test('the chart gets a point a second, and the figures beside it are the newest', async () => {
  const page = await playground.visit();
  const chart = page.locator('#chart');
  await waitFor(async () => Number(await chart.getAttribute('data-points')) >= 3, {
    what: 'three points',
    timeoutMs: 8_000,
  });
  expect(await assertText(page, '#cpu', /^\d+\.\d$/)).toBeDefined();
  expect(await assertText(page, '#machine-offset', /^#\d+$/)).toBeDefined();
});

test('both views show the same events under the same offsets, and say that they agree', async () => {
  const page = await playground.visit();
  await assertText(page, '#agreement', /Both views agree.*[3-9] events compared, 0 differ/);
  await page.click('#try-ticket');
  await assertText(page, '#sse-log', 'ticket.opened');
  await assertText(page, '#socket-log', 'ticket.opened');
  const [sse, socket] = await Promise.all([
    offsetsIn(page, 'sse', 'machine:local'),
    offsetsIn(page, 'socket', 'machine:local'),
  ]);
  const shared = sse.filter((offset) => socket.includes(offset));
  expect(shared.length).toBeGreaterThan(1);
  expect(await offsetsIn(page, 'sse', 'board:main')).toEqual(await offsetsIn(page, 'socket', 'board:main'));
});

test('a ticket of one visitor appears at another, who claims it', async () => {
  const [a, b] = await Promise.all([playground.visit(), playground.visit()]);
  const name = await assertText(b, '#me', / /);
  await a.fill('#new-title', '<b>Bold</b> & brave');
  await a.keyboard.press('Enter');
  await assertText(b, '.ticket__title', '<b>Bold</b> & brave');
  await b.locator('.ticket__claim').first().click();
  await assertText(a, '.ticket__by', `Claimed by ${name}`);
  await assertText(b, '.ticket__by', 'Claimed by you');
});

test('a ticket that is opened while the list is on its way is on the board when it has come', async () => {
  const page = await playground.visit();
  await assertText(page, '.ticket__title', / /);
  let arrive: () => void = () => undefined;
  const list = new Promise<void>((resolve) => (arrive = resolve));
  let lists = 0;
  await page.route('**/api/tickets', async (route) => {
    if (route.request().method() !== 'GET') return route.continue();
    const response = await route.fetch();
    lists += 1;
    if (lists === 1) await list;
    await route.fulfill({ response });
  });
  await page.reload();
  await waitFor(() => lists > 0, { what: 'the list to be on its way', timeoutMs: 10_000 });
  await page.fill('#new-title', 'Just now');
  await page.keyboard.press('Enter');
  await assertText(page, '.ticket__title', 'Just now');
  const card = page.locator('.ticket').first();
  await card.evaluate((element: Attributed) => element.setAttribute('data-seen', 'yes'));
  arrive();
  await waitFor(async () => (await page.locator('.ticket').count()) > 3, { what: 'the list to have come' });
  expect(await card.getAttribute('data-seen')).toBe('yes');
  await assertText(page, '.ticket__title', 'Just now');
});

test('the page goes over to another transport, and its log tells what the client does', async () => {
  const page = await playground.visit();
  await assertText(page, '#connection-transport', 'WebSocket');
  await page.locator('#transport input[value=sse]').check();
  await assertText(page, '#connection-transport', 'Server-Sent Events');
  await assertText(page, '#debug', 'connected: opened');
  await page.click('[data-id="T-1"] .ticket__claim');
  await assertText(page, '[data-id="T-1"] .ticket__by', 'Claimed by you');
});

test('the theme follows the system until it is chosen, and is kept', async () => {
  const page = await playground.visit('/', { colorScheme: 'dark' });
  const theme = (): Promise<string | null> => page.locator('html').getAttribute('data-theme');
  expect(await theme()).toBe('dark');
  await page.getByRole('button', { name: 'Switch to the light theme' }).click();
  expect(await theme()).toBe('light');
  await page.reload();
  expect(await theme()).toBe('light');
});

test('nothing sticks out at the width of a small phone', async () => {
  const page = await playground.visit('/', { viewport: { width: 360, height: 740 } });
  await assertText(page, '#sse-log', 'machine.sample');
  await page.click('#try-conflict');
  await assertText(page, '#editors', 'Conflict');
  const widths: number[] = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]');
  expect(widths[0]).toBe(widths[1]);
});

test('the keyboard reaches what there is to try, and the focus is seen', async () => {
  const page = await playground.visit();
  await assertText(page, '#tickets', 'Claim');
  const reached: string[] = [];
  for (let presses = 0; presses < 12; presses += 1) {
    await page.keyboard.press('Tab');
    reached.push(
      await page.evaluate('document.activeElement.id || document.activeElement.textContent.trim()'),
    );
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).not.toBe('none');
  }
  expect(reached).toEqual(
    expect.arrayContaining(['Skip to the content', 'theme', 'try-cut', 'try-ticket', 'try-merge', 'sse-cut']),
  );
});
