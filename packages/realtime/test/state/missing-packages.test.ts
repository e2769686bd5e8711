import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { RealtimeDocument } from '../../src/index.js';
import { startApp } from '../support/start-app.js';

class Form {
  qty!: number;
}

@RealtimeDocument('form:{id}', { type: Form })
class FormDocument {}

describe('a document with a class, where one of the packages that it needs is not installed', () => {
  afterEach(() => {
    jest.resetModules();
  });

  it.each(['class-validator', 'class-transformer'])(
    'stops the application at its start, which says what to install: %s',
    async (name) => {
      const missing = new Error(`Cannot find package '${name}'`);
      jest.unstable_mockModule(name, () => {
        throw missing;
      });
      const error: unknown = await startApp({ policies: [FormDocument] }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        message:
          'Nestwire: the type of FormDocument needs the packages class-validator and class-transformer: npm install class-validator class-transformer',
        cause: missing,
      });
    },
  );
});
