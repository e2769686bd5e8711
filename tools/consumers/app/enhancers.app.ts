// In a consumer the fixture itself takes this file's place: one source for the tests of the workspace and for these.
export * from '../../../packages/realtime/test/fixtures/enhancers.app.js';
