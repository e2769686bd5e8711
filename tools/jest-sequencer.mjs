// Which test files begin first: the long ones, so that no worker is left alone with one in the end. Jest itself knows only how large a file
// is, until it has run once on the same machine.
import Sequencer from '@jest/test-sequencer';

/** They start processes, browsers or a compiler, and wait for what goes wrong on purpose. */
const LONG = /\/(faults|nodes|proxy|e2e|docs-test|prefork|playground)\//;

export default class extends Sequencer {
  sort(tests) {
    const rest = super.sort(tests);
    const isLong = ({ path }) => LONG.test(path);
    return [...rest.filter(isLong), ...rest.filter((test) => !isLong(test))];
  }
}
