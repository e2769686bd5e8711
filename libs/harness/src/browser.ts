import type { Browser } from 'playwright-core';
import { findProgram } from './find-program.js';
import { browserProgram } from './programs.js';

/**
 * Starts the system's Chromium without a window, on a profile of its own that is removed when it closes:
 * `await using browser = await launchBrowser()`.
 */
export async function launchBrowser(): Promise<Browser> {
  // Loaded where a browser is wanted: it takes a quarter of a second, and every test file imports this package.
  const { chromium } = await import('playwright-core');
  return chromium.launch({
    executablePath: await findProgram(browserProgram),
    args: [
      // Containers, and tests that run as root, have no namespaces to build the sandbox from.
      '--no-sandbox',
      '--disable-gpu',
      // Nothing but the test speaks to the network.
      '--disable-background-networking',
    ],
  });
}
