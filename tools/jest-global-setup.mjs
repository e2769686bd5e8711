// Jest would read a global setup in TypeScript as CommonJS, so this one takes it in through our own hooks.
import './ts.mjs';

export default async function setup() {
  const { installPrograms } = await import('../libs/harness/src/install-programs.ts');
  await installPrograms();
}
