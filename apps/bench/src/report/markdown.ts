import type { Scenario, ScenarioResult, Target } from '../scenarios/scenario.js';
import { casesOf, entrantsOf, judge, spreadOf } from './medians.js';
import { table } from './table.js';

export interface Reported {
  readonly scenario: Scenario;
  readonly result: ScenarioResult;
}

const INTRODUCTION = `# Benchmarks

Nestwire beside what one would use instead, in the same run: each scenario goes through its entrants in turn, round after round,
every turn with processes, Redis and clients of its own. The figures are medians of the rounds, the lines in the plots go from the least
reading to the most. CPU is user and system time of the processes (\`/proc/PID/task/*/schedstat\`), write calls are those of
\`/proc/PID/io\`. The load generator is a process of its own, reported apart. What counts is the ratio within one run: figures of
another machine, or another day, are not comparable.

\`\`\`bash
npm run bench
npm run bench -- --quick
npm run bench -- --only fan-out-sse --rounds 5
\`\`\`

The first takes up to 45 minutes on two cores and nothing else should run meanwhile, the second up to four. Each writes this page, its
plots, and every single reading to \`results/\`.`;

/** The whole report. */
export function report(reported: readonly Reported[]): string {
  return [
    INTRODUCTION,
    '## Targets',
    targets(reported),
    ...reported.map(section),
    '## Machine and versions',
    machine(reported.at(-1)!.result),
    '',
  ].join('\n\n');
}

function section({ scenario, result }: Reported): string {
  const parts = [
    `## ${scenario.title}`,
    scenario.about,
    `\`npm run bench -- --only ${scenario.name}\`, ${result.date}: ${result.rounds} ${result.rounds === 1 ? 'round' : 'rounds'}${result.quick ? ', a quick run' : ''}.`,
    ...result.failures.map((failure) => `**Failed:** ${failure}`),
    ...(scenario.obstacles !== undefined && isAnyMissed({ scenario, result })
      ? [`**What stands in the way of what was missed.** ${scenario.obstacles}`]
      : []),
    `![${scenario.title}](${scenario.name}.svg)`,
    ...casesOf(result).flatMap((ofCase) => [
      `### ${scenario.title}: ${ofCase}`,
      caseTable(scenario, result, ofCase),
    ]),
  ];
  return parts.join('\n\n');
}

function caseTable(scenario: Scenario, result: ScenarioResult, ofCase: string): string {
  const entrants = entrantsOf(result, ofCase);
  const columns = scenario.columns.filter(({ figure }) =>
    entrants.some((entrant) => spreadOf(result, { case: ofCase, entrant, figure }) !== undefined),
  );
  const rows = entrants.map((entrant) => [
    entrant,
    ...columns.map(({ figure, digits = 2 }) =>
      text(spreadOf(result, { case: ofCase, entrant, figure })?.median, digits),
    ),
  ]);
  return table(['', ...columns.map(({ title }) => title)], rows);
}

function isAnyMissed({ scenario, result }: Reported): boolean {
  return scenario.targets.some((target) => judge(result, target)?.isMet === false);
}

function targets(reported: readonly Reported[]): string {
  const rows = reported.flatMap(({ scenario, result }) =>
    scenario.targets.flatMap((target) => {
      const verdict = judge(result, target);
      if (verdict === undefined) return [];
      return [
        [
          `${scenario.title}, ${target.case}`,
          target.entrant,
          wanted(scenario, target),
          text(verdict.value, 2),
          verdict.isMet ? 'met' : '**missed**',
        ],
      ];
    }),
  );
  return table(['', 'of', 'wanted', 'measured', ''], rows);
}

function wanted({ columns }: Scenario, { figure, against, atMost, atLeast }: Target): string {
  const title = columns.find((column) => column.figure === figure)!.title;
  const bound = atMost === undefined ? `at least ${atLeast}` : `at most ${atMost}`;
  const base = against === undefined ? '' : ` × ${[against].flat().join(' or ')}`;
  return `${title}: ${bound}${base}`;
}

function machine(result: ScenarioResult): string {
  return table(['', ''], Object.entries(result.machine));
}

function text(value: number | undefined, digits: number): string {
  if (value === undefined) return '';
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
