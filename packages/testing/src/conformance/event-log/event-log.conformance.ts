import type { ConformanceSuite } from '../conformance.js';
import { appendCases } from './append.js';
import { contentCases } from './content.js';
import { followCases } from './follow.js';
import { idempotencyCases } from './idempotency.js';
import { readCases } from './read.js';
import { retentionCases } from './retention.js';
import { rotateCases } from './rotate.js';
import { scaleCases } from './scale.js';

/** What every `EventLog` promises. */
export const eventLogConformance: ConformanceSuite = {
  name: 'EventLog',
  cases: [
    ...appendCases,
    ...contentCases,
    ...idempotencyCases,
    ...readCases,
    ...retentionCases,
    ...followCases,
    ...rotateCases,
    ...scaleCases,
  ],
};
