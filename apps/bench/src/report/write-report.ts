import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { SCENARIOS } from '../scenarios/index.js';
import { scaling } from '../scenarios/scaling.js';
import type { ScenarioResult } from '../scenarios/scenario.js';
import { report, type Reported } from './markdown.js';
import { plot } from './plot.js';
import { scalingPage } from './scaling-page.js';

const RESULTS = 'results';

/** Keeps the readings of one scenario, in the place of its earlier ones. */
export async function keepResult(directory: string, result: ScenarioResult): Promise<void> {
  await mkdir(join(directory, RESULTS), { recursive: true });
  await writeText(join(directory, RESULTS, `${result.scenario}.json`), JSON.stringify(result));
}

/** Writes the report of all results that are there, and the plots. */
export async function writeReport(directory: string): Promise<void> {
  const reported = await readResults(directory);
  if (reported.length === 0) return;
  for (const { scenario, result } of reported) {
    if (result.measurements.length > 0)
      await writeFile(join(directory, `${scenario.name}.svg`), await plot(scenario, result));
  }
  await writeText(join(directory, 'README.md'), report(reported));
  const scaled = reported.find(({ scenario }) => scenario === scaling);
  const page = scaled && scalingPage(scaled.result);
  if (page !== undefined) await writeText(join(directory, 'scaling.md'), page);
}

async function readResults(directory: string): Promise<Reported[]> {
  const reported: Reported[] = [];
  for (const scenario of SCENARIOS) {
    const path = join(directory, RESULTS, `${scenario.name}.json`);
    if (existsSync(path))
      reported.push({ scenario, result: JSON.parse(await readFile(path, 'utf8')) as ScenarioResult });
  }
  return reported;
}

/** As `npm run format` would have it. */
async function writeText(path: string, text: string): Promise<void> {
  const options = await resolveConfig(fileURLToPath(import.meta.url));
  await writeFile(path, await format(text, { ...options, filepath: path }));
}
