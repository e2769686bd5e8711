import { allPages, brokenLinks } from '../src/index.js';

describe('links and images', () => {
  it.each(allPages().map((page) => [page.path, page] as const))('of %s lead somewhere', (_, page) => {
    expect(brokenLinks(page)).toEqual([]);
  });
});
