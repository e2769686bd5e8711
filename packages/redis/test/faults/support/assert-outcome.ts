import { expect } from '@jest/globals';
import type { Outcome } from './outcome.js';

/** Nothing was lost, nobody was told of a hole, and nobody's connection was ended. */
export function assertNothingLost(outcome: Outcome): void {
  expect(outcome.problems).toEqual([]);
  expect(outcome.lost).toEqual([]);
  expect(outcome).toMatchObject({ holes: 0, ends: 0 });
  assertWork(outcome);
}

/** What a replica did not have is lost, and known; whoever had received any of it was told. */
export function assertKnownLoss(outcome: Outcome): void {
  expect(outcome).toMatchObject({ problems: [], ends: 0 });
  expect(outcome.lost.length).toBeGreaterThan(10);
  expect(outcome.holes).toBeGreaterThan(0);
  assertWork(outcome);
}

/** A verdict on nothing says nothing. */
export function assertWork({ acknowledged, received, recovered }: Outcome): void {
  expect(acknowledged).toBeGreaterThan(250);
  expect(received).toBeGreaterThan(acknowledged * 6);
  expect(recovered).toBeGreaterThan(20);
}
