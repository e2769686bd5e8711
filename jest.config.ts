/**
 * Jest runs native ES modules from source, with nothing built: `npm test` starts it with --experimental-vm-modules.
 *
 * This file itself is read by ts-node, which needs CommonJS for it:
 * @jest-config-loader ts-node
 * @jest-config-loader-options {"transpileOnly": true, "compilerOptions": {"module": "commonjs", "target": "es2022"}}
 */
import type { Config } from 'jest';
import { swcOptions, tsxOptions } from './tools/swc-options.mjs';

const config: Config = {
  // Twice the cores of a small machine, for half of a test's time is waiting; left to Jest, it would take every core of a large one, and
  // the tests start servers of their own. In CI nobody waits for it, and what has time-outs is steadier with room around it.
  maxWorkers: process.env['CI'] === undefined ? 4 : 2,
  // What a file has loaded as ES modules stays in its process, some 35 MB for each; collecting the garbage beside that costs more than a start.
  workerIdleMemoryLimit: '1GB',
  testTimeout: 20_000,
  testMatch: ['<rootDir>/{packages,apps,libs}/*/test/**/*.test.{ts,tsx}'],

  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: { '\\.ts$': ['@swc/jest', swcOptions], '\\.tsx$': ['@swc/jest', tsxOptions] },
  // TypeScript names the output in its imports, `./x.js`; the file that is there is `./x.ts`.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testEnvironmentOptions: { customExportConditions: ['@nestwire/source', 'node', 'node-addons'] },
  setupFiles: ['reflect-metadata'],
  globalSetup: './tools/jest-global-setup.mjs',
  testSequencer: './tools/jest-sequencer.mjs',
  reporters: ['default', './tools/count-reporter.mjs'],

  collectCoverageFrom: ['packages/*/src/**/*.ts'],
  coverageProvider: 'v8',
};

export default config;
