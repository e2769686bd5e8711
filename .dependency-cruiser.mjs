/**
 * Who may import whom, checked by `npm run check:deps`. tools/check-dependency-rules.mjs breaks each rule in a
 * scratch workspace, to see that it is caught.
 */

/** What each package may import of the others. */
const layers = {
  protocol: [],
  realtime: ['protocol'],
  redis: ['realtime', 'protocol'],
  sql: ['realtime'],
  testing: ['realtime', 'protocol'],
  client: ['protocol'],
};

/** The files that packages export: everything else of theirs is private. */
const publicEntry = '^packages/[^/]+/src/((react|prefork)/)?index\\.ts$';

/** Matches a package of npm, whether it is installed or not. */
const npm = (...names) => `(^|/node_modules/)(${names.join('|')})(/|$)`;

const layerRules = Object.entries(layers).map(([name, allowed]) => ({
  name: `${name}-layer`,
  comment: `packages/${name} may import ${allowed.join(' and ') || 'no other package'}; never an app or a helper.`,
  severity: 'error',
  from: { path: `^packages/${name}/src/` },
  to: { path: '^(packages|apps|libs)/', pathNot: `^packages/(${[name, ...allowed].join('|')})/src/` },
}));

export default {
  forbidden: [
    ...layerRules,
    {
      name: 'protocol-imports-nothing',
      comment: 'The words of the wire run wherever JavaScript does: no npm package, nothing of Node.',
      severity: 'error',
      from: { path: '^packages/protocol/src/' },
      to: { pathNot: '^(packages|apps|libs)/' },
    },
    {
      name: 'realtime-without-redis',
      comment: 'The module runs alone, in memory; a backend for Redis stands behind its ports.',
      severity: 'error',
      from: { path: '^packages/realtime/src/' },
      to: { path: npm('i?o?redis', '@redis', '@socket\\.io/redis-[a-z-]+', '@nestwire/redis') },
    },
    {
      name: 'client-without-nest',
      comment: 'The client runs in browsers, and on servers that know nothing of Nest.',
      severity: 'error',
      from: { path: '^packages/client/src/' },
      to: { path: npm('@nestjs') },
    },
    {
      name: 'react-on-top-of-client',
      comment: 'The React hooks use the client; the client works without React.',
      severity: 'error',
      from: { path: '^packages/client/src/', pathNot: '^packages/client/src/react/' },
      to: { path: ['^packages/client/src/react/', npm('react', 'react-dom')] },
    },
    {
      name: 'public-entries-only',
      comment: 'A package is used through what it exports, by apps, helpers and other packages alike.',
      severity: 'error',
      from: { path: '^(packages|apps|libs)/([^/]+)/' },
      to: { path: '^packages/[^/]+/', pathNot: ['^packages/$2/', publicEntry] },
    },
    {
      name: 'helpers-are-for-tests',
      comment:
        'libs/ holds what tests and measurements need; an app that is a demonstration shows what users can have.',
      severity: 'error',
      from: { path: '^apps/[^/]+/src/', pathNot: '^apps/bench/' },
      to: { path: '^libs/' },
    },
    {
      name: 'no-cycles',
      comment: 'Providers that import each other throw when ES modules load; types that do are one module.',
      severity: 'error',
      from: { path: '/src/' },
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'What cannot be found is not covered by the rules above.',
      severity: 'error',
      from: {},
      // What a page loads from its own server is no file of the repository.
      to: { couldNotResolve: true, pathNot: '^/vendor/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/' },
    // Imports of types count too.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@nestwire/source', 'import', 'node', 'default', 'types'],
    },
  },
};
