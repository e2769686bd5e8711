import { describe, expect, it } from '@jest/globals';
import { DocumentBooks } from './support/document-books.js';

describe('the books that are kept of a document find', () => {
  it('nothing where each edit is there once, and those of which nothing is known may be', () => {
    const books = new DocumentBooks();
    books.incremented('stored');
    books.incremented('unknown');
    books.appended('a', 'stored');
    books.appended('b', 'unknown');
    books.wrote('mine', 1, 'stored');
    books.wrote('mine', 2, 'unknown');
    expect(books.verdict({ total: 1, items: ['a'], mine: 1 })).toEqual([]);
    expect(books.verdict({ total: 2, items: ['a', 'b'], mine: 2 })).toEqual([]);
  });

  it('an increment that was lost, or doubled', () => {
    const books = new DocumentBooks();
    for (let i = 0; i < 3; i += 1) books.incremented('stored');
    for (const total of [2, 4]) expect(books.verdict({ total })).toHaveLength(1);
  });

  it('an item that was lost, doubled, refused and yet there, or nobody’s', () => {
    const books = new DocumentBooks();
    books.appended('a', 'stored');
    books.appended('b', 'refused');
    for (const items of [[], ['a', 'a'], ['a', 'b'], ['a', 'c']])
      expect(books.verdict({ items })).toHaveLength(1);
  });

  it('a field that has gone back to an earlier value', () => {
    const books = new DocumentBooks();
    books.wrote('mine', 1, 'stored');
    books.wrote('mine', 2, 'stored');
    expect(books.verdict({ mine: 1 })).toHaveLength(1);
  });

  it('two edits of one version that were both acknowledged', () => {
    const books = new DocumentBooks();
    for (const outcome of ['stored', 'refused', 'stored'] as const) books.claimed('v', outcome);
    expect(books.verdict({})).toHaveLength(1);
  });
});
