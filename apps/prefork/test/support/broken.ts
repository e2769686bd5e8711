import { prefork } from '@nestwire/realtime/prefork';

await prefork(() => Promise.reject(new Error('there is no database')), { workers: 2 });
