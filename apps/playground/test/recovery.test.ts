import {
  assertText,
  type Attributed,
  offsetsIn,
  type Page,
  type Playground,
  startPlayground,
} from './support/playground.js';

let playground: Playground;

beforeAll(async () => {
  playground = await startPlayground();
});

afterEach(() => playground.closePages());

afterAll(() => playground[Symbol.asyncDispose]());

test.each(['sse', 'socket'] as const)(
  '%s: what a cut connection missed is replayed, and nothing is lost',
  async (view) => {
    const page = await playground.visit();
    await cutFor(page, 3);
    await assertText(page, `#${view}-log .row`, 'machine.sample');
    await page.click(`#${view}-cut`);
    await assertText(page, `#${view}-view .state`, 'cut');
    await assertText(page, '#agreement', / is \d behind/);
    await page.click('#try-ticket');

    const summary = await assertText(page, `#${view}-log .band--replay`, 'nothing lost');

    expect(summary).toMatch(/^\d events replayed, .*machine offsets? \d+/);
    expect(summary).toContain('recovered: true');
    expect(summary).toMatch(/board offset \d+/);
    await assertText(page, '#agreement', 'Both views agree');
    const offsets = await offsetsIn(page, view, 'machine:local');
    expect(offsets).toEqual(offsets.map((_, index) => offsets[0]! - index));
    const replayed = page.locator(`#${view}-log .row--replayed`);
    expect(await replayed.count()).toBe(Number.parseInt(summary, 10));
  },
);

test('a command given without a connection waits, and runs when it is back', async () => {
  const page = await playground.visit();
  await cutFor(page, 2);
  await assertText(page, '#connection-state', 'Connected');
  await assertText(page, '#quality', /excellent|good|fair|poor/);
  await page.click('#try-queue');
  await assertText(page, '#connection-state', 'Disconnected');
  await assertText(page, '#queued', '1');

  await assertText(page, '#step-4', /done/);
  await assertText(page, '#queued', '0');
  await assertText(page, '.ticket--selected .ticket__by', 'Claimed by you');
});

/** The page offers six seconds and more. */
async function cutFor(page: Page, seconds: number): Promise<void> {
  const length = page.locator('#lengths input:checked');
  await length.evaluate((input: Attributed, value) => input.setAttribute('value', value), String(seconds));
}
