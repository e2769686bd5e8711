/** What the two classic scripts in the page's head have brought: Socket.IO's client, and the chart. */
export const { io, uPlot } = globalThis;
