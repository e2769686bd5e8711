/** The client as an application has it from npm: its bundle loads a transport when that is used. */
export { createRealtimeClient, decodeVersion } from '/vendor/client/client.js';

/** What the classic script in the page's head has brought: the chart. */
export const { uPlot } = globalThis;
