import { allPages, bashProblems, type Block, compile, extract, freshFolder } from '../src/index.js';

const pages = allPages();

/** Blocks of a language, each with the place to look for it. */
function blocksOf(language: string): [string, Block][] {
  return pages.flatMap(({ path, blocks }) =>
    blocks
      .filter((block) => block.language === language)
      .map((block): [string, Block] => [`${path}:${block.line}`, block]),
  );
}

describe('code blocks', () => {
  it('name their language', () => {
    expect(blocksOf('').map(([place]) => place)).toEqual([]);
  });

  it('of TypeScript and JavaScript compile against the workspace', async () => {
    const folder = freshFolder('check');
    for (const page of pages) extract(page, folder);
    expect(await compile(folder)).toEqual([]);
  }, 120_000);

  it.each(blocksOf('json'))('of JSON parse: %s', (_, { code }) => {
    expect(() => JSON.parse(code) as unknown).not.toThrow();
  });

  it('of bash use scripts and packages that exist', () => {
    const problems = blocksOf('bash').flatMap(([place, { code }]) =>
      bashProblems(code).map((problem) => `${place}: ${problem}`),
    );
    expect(problems).toEqual([]);
  });
});
