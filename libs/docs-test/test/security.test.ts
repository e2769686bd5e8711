import { CLOSE_CODES, ERROR_CODES } from '@nestwire/protocol';
import { existsSync } from 'node:fs';
import { page, tableUnder } from '../src/index.js';

const { text } = page('docs/production/security.md');
const CODES: readonly string[] = [...Object.keys(ERROR_CODES), ...Object.keys(CLOSE_CODES)];
const METRICS = tableUnder(page('docs/production/observability.md').text, 'Metrics').map(
  ({ Metric }) => Metric!,
);
const controls = tableUnder(text, 'Controls');

describe('the threat model', () => {
  it.each(controls.map((row) => [row.Attack!, row['Proven by']!]))(
    'names the tests that prove: %s',
    (_, proof) => {
      const paths = [...proof.matchAll(/\.\.\/\.\.\/(packages\/[^)\s]+\.test\.ts)/g)].map(
        ([, path]) => path!,
      );
      expect(paths).not.toEqual([]);
      const root = new URL('../../../', import.meta.url);
      expect(paths.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
    },
  );

  it.each(controls.map((row) => [row.Attack!, row['Refused with']!, row['Counted in']!]))(
    'knows the codes and metrics of: %s',
    (_, refusal, counted) => {
      const codes = [
        ...refusal.matchAll(
          /[a-z]+_[a-z_]+|forbidden|unauthenticated|conflict|unavailable|internal|failing/g,
        ),
      ];
      expect(codes.map(([code]) => code).filter((code) => !CODES.includes(code))).toEqual([]);
      const metrics = [...counted.matchAll(/nestwire_\w+/g)].map(([name]) => name);
      expect(metrics.filter((name) => !METRICS.includes(name))).toEqual([]);
      expect(refusal === '–' || refusal.startsWith('–,') || metrics.length > 0).toBe(true);
    },
  );

  it.each(['OWASP: WebSocket security', 'OWASP: session management'])(
    'answers every point of %s',
    (section) => {
      const points = tableUnder(text, section);
      expect(points.length).toBeGreaterThan(10);
      for (const { Answer } of points) expect(Answer).not.toBe('');
    },
  );
});
