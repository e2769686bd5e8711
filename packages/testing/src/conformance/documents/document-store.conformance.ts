import type { ConformanceSuite } from '../conformance.js';
import { commitCases } from './commit.js';
import { concurrencyCases } from './concurrency.js';
import { conditionCases } from './conditions.js';
import { limitCases } from './limits.js';
import { patchCases } from './patches.js';
import { savingCases } from './saving.js';
import { scheduleCases } from './schedules.js';

/** What every `DocumentStore` promises. */
export const documentStoreConformance: ConformanceSuite = {
  name: 'DocumentStore',
  cases: [
    ...commitCases,
    ...conditionCases,
    ...limitCases,
    ...patchCases,
    ...concurrencyCases,
    ...savingCases,
    ...scheduleCases,
  ],
};
