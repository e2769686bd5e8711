export { prefork, type Closeable, type PreforkOptions } from './prefork.js';
