// Runs TypeScript from source: `node --import ./tools/ts.mjs app.ts`. The hooks themselves are in ts-hooks.mjs.
import module from 'node:module';
import * as hooks from './ts-hooks.mjs';

// registerHooks is in Node 22.15 and later and needs no second thread; Node 20 has register only.
if (module.registerHooks) module.registerHooks(hooks);
else module.register('./ts-hooks.mjs', import.meta.url);
