import { Test } from '@nestjs/testing';
import { RealtimeMetrics, RealtimeModule } from '@nestwire/realtime';
import { page, tableUnder } from '../src/index.js';

/** As much of what prom-client tells of a metric as the page does. */
async function described(): Promise<Record<string, string>[]> {
  const module = await Test.createTestingModule({ imports: [RealtimeModule.forRoot()] }).compile();
  const metrics = await module.get(RealtimeMetrics).registry.getMetricsAsJSON();
  await module.close();
  return metrics.map(({ name, type, help, values }) => ({
    Metric: name,
    Type: String(type),
    Label: type.toString() === 'histogram' ? '' : labelOf(values.map(({ labels }) => labels)),
    Meaning: help,
  }));
}

/** The one label and its values: `transport: socket.io, sse`. */
function labelOf(all: readonly Partial<Record<string, string | number>>[]): string {
  const [name] = Object.keys(all[0] ?? {});
  return name === undefined ? '' : `${name}: ${all.map((labels) => labels[name]).join(', ')}`;
}

describe('the table of metrics', () => {
  it('tells of every metric, and of no other', async () => {
    const rows = tableUnder(page('docs/production/observability.md').text, 'Metrics');
    expect(rows).toEqual(await described());
  });
});

describe('the alerts', () => {
  it('ask for metrics that there are', async () => {
    const { blocks } = page('docs/production/observability.md');
    const { code } = blocks.find(({ language }) => language === 'yaml')!;
    const asked = [...code.matchAll(/nestwire_\w+/g)].map(([name]) => name.replace(/_bucket$/, ''));
    const names = (await described()).map(({ Metric }) => Metric);
    expect(asked.filter((name) => !names.includes(name))).toEqual([]);
    expect(asked.length).toBeGreaterThan(5);
  });
});
