// Node's own environment with a page of jsdom in it: components are rendered, and fetch, sockets and buffers are Node's.
import { createRequire } from 'node:module';
import { JSDOM } from 'jsdom';

const { TestEnvironment } = createRequire(import.meta.url)('jest-environment-node');

export default class DomEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    this.dom = new JSDOM('', { url: 'http://localhost/', pretendToBeVisual: true });
    const { window } = this.dom;
    Object.assign(this.global, { window, document: window.document, navigator: window.navigator });
  }

  async teardown() {
    this.dom.window.close();
    await super.teardown();
  }
}
