import { assertText, type Page, type Playground, startPlayground } from './support/playground.js';

let playground: Playground;

beforeAll(async () => {
  playground = await startPlayground();
});

afterEach(() => playground.closePages());

afterAll(() => playground[Symbol.asyncDispose]());

const STATUS = '.editor__status';

test('different fields, changed in two tabs, merge', async () => {
  const [a, b] = await openTwice('T-1');
  await b.getByRole('switch').click();
  await b.getByLabel('Note').fill('Only since Friday.');
  await assertText(b, STATUS, '1 change waiting');
  await a.getByLabel('Priority').selectOption('urgent');
  await assertText(a, STATUS, 'version 2');

  await b.getByRole('switch').click();

  await assertText(b, '.editor__notice', 'Merged: their priority, and your note.');
  await assertText(a, '.editor__notice', 'Someone else changed the note.');
  for (const page of [a, b]) {
    expect(await page.getByLabel('Priority').inputValue()).toBe('urgent');
    expect(await page.getByLabel('Note').inputValue()).toBe('Only since Friday.');
  }
});

test.each([
  ['Keep mine', 'Written by B'],
  ['Take theirs', 'Written by A'],
])('the same field, changed in two tabs, is a conflict: %s', async (choice, title) => {
  const [a, b] = await openTwice('T-2');
  await b.getByRole('switch').click();
  await b.getByLabel('Title').fill('Written by B');
  await a.getByLabel('Title').fill('Written by A');
  await assertText(a, STATUS, 'Saved');

  await b.getByRole('switch').click();

  await assertText(b, STATUS, '1 conflict');
  await assertText(b, '.conflict__theirs', 'Written by A');
  await assertText(b, '.conflict__mine', 'Written by B');
  expect(await a.getByLabel('Title').inputValue()).toBe('Written by A');
  await b.getByRole('button', { name: choice }).click();
  await assertText(b, STATUS, 'Saved');
  for (const page of [a, b]) {
    await page.waitForFunction(`document.querySelector('[name=title]').value === '${title}'`);
  }
  // The next round begins with another title.
  await a.getByLabel('Title').fill('As it was');
  await assertText(a, STATUS, 'Saved');
});

test('the page plays both sides of a merge itself', async () => {
  const page = await playground.visit();
  await assertText(page, STATUS, 'Saved');
  await page.click('#try-merge');
  await assertText(page, '.editor__notice--merge', 'Merged: their priority, and your note.');
});

test('the link opens the chosen ticket in a second tab of the same visitor', async () => {
  const page = await playground.visit();
  await assertText(page, '#selected', 'T-');
  const [tab] = await Promise.all([page.context().waitForEvent('page'), page.click('#second-tab')]);
  await assertText(tab, STATUS, 'Saved');
  expect(await assertText(tab, '#me', / /)).toBe(await assertText(page, '#me', / /));
});

async function openTwice(id: string): Promise<[Page, Page]> {
  const pages = await Promise.all([playground.visit(`/tickets/${id}`), playground.visit(`/tickets/${id}`)]);
  for (const page of pages) await assertText(page, STATUS, 'Saved');
  return [pages[0], pages[1]];
}
