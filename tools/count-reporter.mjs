/** Ends a run of Jest with the line that .ci/run passes on. A file that could not be loaded is a failure too. */
export default class CountReporter {
  onRunComplete(_, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    console.log(`${results.numPassedTests} passed, ${failed} failed`);
  }
}
