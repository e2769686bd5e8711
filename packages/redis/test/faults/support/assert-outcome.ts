import { expect } from '@jest/globals';
import type { Outcome } from './outcome.js';

/** Nothing was lost, nobody was told of a hole, and nobody's connection was ended. */
export function assertNothingLost(outcome: Outcome): void {
  expect(outcome.problems).toEqual([]);
  expect(outcome.lost).toEqual([]);
  expect(outcome).toMatchObject({ holes: 0, ends: 0 });
}

/** What a replica did not have is lost, and known; whoever had received any of it was told. */
export function assertKnownLoss(outcome: Outcome): void {
  expect(outcome).toMatchObject({ problems: [], ends: 0 });
  expect(outcome.lost.length).toBeGreaterThan(10);
  expect(outcome.holes).toBeGreaterThan(0);
}
