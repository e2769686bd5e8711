/** An application of somebody who uses the packages. */
export interface Consumer {
  readonly name: string;
  readonly type: 'module' | 'commonjs';
  readonly dependencies: Readonly<Record<string, string>>;
  /** Compiler options, each checked with the declarations of all that is imported; the last one's output runs. */
  readonly builds: readonly object[];
  /** Whether a spec is run with the configuration that docs/guides/testing.md gives. */
  readonly jest: boolean;
}

/** What is the same in every template of Nest's. */
const TEMPLATE = {
  strict: true,
  declaration: true,
  emitDecoratorMetadata: true,
  experimentalDecorators: true,
  allowSyntheticDefaultImports: true,
  types: ['node'],
};

const NODENEXT = {
  ...TEMPLATE,
  module: 'nodenext',
  isolatedModules: true,
  esModuleInterop: true,
  target: 'ES2023',
};

export const CONSUMERS: readonly Consumer[] = [
  {
    name: 'nest 11 cjs',
    type: 'commonjs',
    dependencies: {
      ...nest('^11.0.0'),
      typescript: '~5.9.0',
      jest: '^30.0.0',
      'ts-jest': '^29.4.0',
      '@types/jest': '^30.0.0',
    },
    // The template of Nest 11's first releases, and of Nest 10; then today's.
    builds: [{ ...TEMPLATE, module: 'commonjs', target: 'ES2021' }, NODENEXT],
    jest: true,
  },
  {
    name: 'nest 12 esm',
    type: 'module',
    dependencies: { ...nest('^12.0.0'), typescript: '~6.0.0' },
    builds: [NODENEXT],
    jest: false,
  },
];

/** What an application of Nest's has that uses realtime: our peers, both platforms, a database, React, and types. */
function nest(range: string): Record<string, string> {
  const names = [
    'common',
    'core',
    'platform-express',
    'platform-fastify',
    'platform-socket.io',
    'testing',
    'websockets',
  ];
  return {
    ...Object.fromEntries(names.map((name) => [`@nestjs/${name}`, range])),
    '@types/express': '^5.0.0',
    '@types/react': '^19.0.0',
    '@types/node': '^20.19.0',
    kysely: '^0.28.18',
    libsql: '^0.5.29',
    react: '^19.0.0',
    'reflect-metadata': '^0.2.2',
    rxjs: '^7.8.1',
  };
}
