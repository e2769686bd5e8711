import { AssertionError } from 'node:assert';
import { runConformance } from '../src/index.js';
import { brokenCommands } from './broken/commands.js';
import { brokenDocumentUpkeep } from './broken/document-upkeep.js';
import { brokenDocuments } from './broken/documents.js';
import { brokenLimits } from './broken/limits.js';
import { brokenLogs } from './broken/logs.js';
import { brokenSessions } from './broken/sessions.js';
import { fakeIntervals, memoryTarget } from './memory-target.js';

beforeAll(fakeIntervals);
afterAll(() => import.meta.jest.useRealTimers());

const BROKEN = [
  brokenLogs,
  brokenDocuments,
  brokenDocumentUpkeep,
  brokenSessions,
  brokenCommands,
  brokenLimits,
];

for (const { suite, faults } of BROKEN) {
  describe.each(Object.entries(faults))(`${suite.name}: "%s" catches a backend that`, (name, breaks) => {
    const only = { name: suite.name, cases: suite.cases.filter((each) => each.name === name) };

    it.each(Object.entries(breaks))('%s', async (_fault, breakIt) => {
      const create = () => {
        const target = memoryTarget();
        return { ...target, backend: breakIt(target.backend) };
      };
      const failures = await runConformance(only, create, { capabilities: ['clock'] });
      expect(failures.map((failure) => failure.name)).toEqual([name]);
      expect(failures[0]!.error).toBeInstanceOf(AssertionError);
    });
  });
}
