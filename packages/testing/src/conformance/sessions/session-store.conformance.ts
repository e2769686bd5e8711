import type { ConformanceSuite } from '../conformance.js';
import { recordCases } from './records.js';
import { resumptionCases } from './resumptions.js';
import { ticketCases } from './tickets.js';
import { updateCases } from './updates.js';

/** What every `SessionStore` promises. */
export const sessionStoreConformance: ConformanceSuite = {
  name: 'SessionStore',
  cases: [...recordCases, ...updateCases, ...ticketCases, ...resumptionCases],
};
