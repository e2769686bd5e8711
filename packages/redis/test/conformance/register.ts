import { afterAll, beforeAll, describe, it } from '@jest/globals';
import type { Backend } from '@nestwire/realtime';
import {
  commandStoreConformance,
  type ConformanceSuite,
  documentStoreConformance,
  eventLogConformance,
  limitStoreConformance,
  registerConformance,
  sessionStoreConformance,
} from '@nestwire/testing';

export const allSuites = [
  eventLogConformance,
  documentStoreConformance,
  sessionStoreConformance,
  commandStoreConformance,
  limitStoreConformance,
];

/** Registers what the ports promise, for two nodes that share what they reach. They start once: where a cluster is, is learnt slowly. */
export function registerSuites(suites: readonly ConformanceSuite[], create: () => Backend): void {
  let nodes: [Backend, Backend];

  beforeAll(async () => {
    nodes = [create(), create()];
    for (const node of nodes) await node.start();
  });

  afterAll(async () => {
    for (const node of nodes) await node.stop();
  });

  const target = () => ({ backend: running(nodes[0]), peer: running(nodes[1]), patienceMs: 5_000 });
  for (const suite of suites) registerConformance(suite, target, { describe, it });
}

/** A backend that has started, and goes on when a case is over. */
function running(backend: Backend): Backend {
  return { ...backend, start: async () => {}, stop: async () => {} };
}
