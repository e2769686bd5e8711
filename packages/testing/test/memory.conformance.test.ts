import {
  commandStoreConformance,
  documentStoreConformance,
  eventLogConformance,
  limitStoreConformance,
  registerConformance,
  sessionStoreConformance,
} from '../src/index.js';
import { fakeIntervals, memoryTarget } from './memory-target.js';

beforeAll(fakeIntervals);
afterAll(() => import.meta.jest.useRealTimers());

const suites = [
  eventLogConformance,
  documentStoreConformance,
  sessionStoreConformance,
  commandStoreConformance,
  limitStoreConformance,
];

describe('the backend in memory', () => {
  for (const suite of suites) {
    registerConformance(suite, memoryTarget, { describe, it }, { capabilities: ['clock'] });
  }
});
