export { bashProblems } from './bash.js';
export { comparable, hasLines, shown } from './comparable.js';
export { compile } from './compile.js';
export { Examples } from './examples.js';
export { extract, freshFolder } from './extract.js';
export { brokenLinks } from './links.js';
export { type Block, tableUnder } from './markdown.js';
export { allPages, type Page, page } from './pages.js';
export type { Program } from './program.js';
