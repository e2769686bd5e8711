import { existsSync } from 'node:fs';
import { page, tableUnder } from '../src/index.js';

const { text } = page('docs/production/security.md');
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

  it.each(['OWASP: WebSocket security', 'OWASP: session management'])(
    'answers every point of %s',
    (section) => {
      const points = tableUnder(text, section);
      expect(points.length).toBeGreaterThan(10);
      for (const { Answer } of points) expect(Answer).not.toBe('');
    },
  );
});
