import { socketIoFanOut, sseFanOut } from './fan-out.js';
import { faults } from './faults.js';
import { socketIoLatency, sseLatency } from './latency.js';
import { socketIoMemory, sseMemory } from './memory.js';
import { publish } from './publish.js';
import type { Scenario } from './scenario.js';

import { scaling } from './scaling.js';
import { stalled } from './stalled.js';
import { storm } from './storm.js';
import { state } from './state.js';

/** In the order in which they run and are reported. */
export const SCENARIOS: readonly Scenario[] = [
  socketIoFanOut,
  sseFanOut,
  socketIoLatency,
  sseLatency,
  publish,
  state,
  storm,
  stalled,
  faults,
  socketIoMemory,
  sseMemory,
  scaling,
];
