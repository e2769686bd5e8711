import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine } from './machine.js';
import { keepResult, writeReport } from './report/write-report.js';
import { runScenario } from './run-scenario.js';
import { SCENARIOS } from './scenarios/index.js';

const DIRECTORY = fileURLToPath(new URL('../../../docs/benchmarks/', import.meta.url));
const HELP = `npm run bench -- [options]

  --only NAME    one scenario; may be given several times: ${SCENARIOS.map(({ name }) => name).join(', ')}
  --quick        one short round of each
  --rounds N     so many rounds
  --report       no runs: writes the report of the readings that are there
  --out DIR      where the report goes; docs/benchmarks unless given
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    report: { type: 'boolean', default: false },
    out: { type: 'string', default: DIRECTORY },
    help: { type: 'boolean', default: false },
  },
});

const unknown = values.only?.find((name) => !SCENARIOS.some((scenario) => scenario.name === name));
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
if (
  values.help ||
  unknown !== undefined ||
  (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))
) {
  console.log(unknown === undefined ? HELP : `There is no scenario ${unknown}.\n\n${HELP}`);
  process.exit(values.help ? 0 : 1);
}

const chosen = SCENARIOS.filter(({ name }) => values.only?.includes(name) ?? true);
const start = performance.now();
for (const scenario of values.report ? [] : chosen) {
  const result = await runScenario(scenario, {
    quick: values.quick,
    rounds,
    machine: await machine(),
    say: (line) => console.log(line),
  });
  await keepResult(values.out, result);
  if (result.failures.length > 0) process.exitCode = 1;
}
await writeReport(values.out);
console.log(`${values.out} is written, after ${Math.round((performance.now() - start) / 1_000)} s`);
