import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { OURS } from '../contenders.js';
import type { Scenario, ScenarioResult } from '../scenarios/scenario.js';
import { casesOf, entrantsOf, spreadOf } from './medians.js';

type Panel = Extract<TopLevelSpec, { vconcat: unknown }>['vconcat'][number];

const OWN_COLOR = '#1f6feb';
const PEER_COLOR = '#8b949e';

/** Bars of the medians with lines from the least reading to the most, a panel for each case, as SVG. */
export function plot(scenario: Scenario, result: ScenarioResult): Promise<string> {
  return toSvg({
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    vconcat: casesOf(result).map((ofCase) => panel(scenario, result, ofCase)),
    resolve: { scale: { x: 'independent', y: 'independent' } },
  });
}

function panel({ columns, plotted }: Scenario, result: ScenarioResult, ofCase: string): Panel {
  const values = entrantsOf(result, ofCase).flatMap((entrant) => {
    const spread = spreadOf(result, { case: ofCase, entrant, figure: plotted });
    return spread === undefined ? [] : [{ entrant, color: colorOf(entrant), ...spread }];
  });
  const y = { field: 'entrant', title: null, sort: null, axis: { labelLimit: 260, minExtent: 200 } } as const;
  const title = columns.find(({ figure }) => figure === plotted)!.title;
  return {
    title: { text: ofCase, anchor: 'start' },
    width: 480,
    height: { step: 20 },
    data: { values },
    encoding: { y },
    layer: [
      {
        mark: 'bar',
        encoding: {
          x: { field: 'median', type: 'quantitative', title },
          color: { field: 'color', type: 'nominal', scale: null },
        },
      },
      {
        mark: { type: 'rule', strokeWidth: 1.5 },
        encoding: { x: { field: 'least', type: 'quantitative' }, x2: { field: 'most' } },
      },
    ],
  };
}

function colorOf(entrant: string): string {
  return entrant.startsWith(OURS) ? OWN_COLOR : PEER_COLOR;
}

async function toSvg(spec: TopLevelSpec): Promise<string> {
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
