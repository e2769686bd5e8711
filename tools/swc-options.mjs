/**
 * How source is transformed wherever it runs without a build: in Jest and under tools/ts.mjs. It must agree with
 * tsconfig.base.json, which is what users get.
 */
export const swcOptions = {
  swcrc: false,
  module: { type: 'es6' },
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    // Nest's dependency injection needs the metadata of legacy decorators.
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    keepClassNames: true,
  },
};

/** The same for components of React. Not for every file: with JSX, `<T>` may begin an element. */
export const tsxOptions = {
  ...swcOptions,
  jsc: {
    ...swcOptions.jsc,
    parser: { ...swcOptions.jsc.parser, tsx: true },
    transform: { ...swcOptions.jsc.transform, react: { runtime: 'automatic' } },
  },
};
