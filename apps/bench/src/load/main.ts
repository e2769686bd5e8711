import { serve } from '../processes/serve.js';
import { Audience, type AudienceOptions } from './audience.js';
import { Drive } from './drive.js';

/** For so long messages go on while clients come back, in milliseconds. */
const LIVE_MS = 1_500;

let audience: Audience;
let drive: Drive;

export interface OpenRequest extends AudienceOptions {
  /** Where a server is told what to publish. */
  readonly control: number;
}

serve(
  {
    open: async (request: OpenRequest) => {
      audience = new Audience(request);
      await audience.open();
      drive = await Drive.connect(audience, request.control);
    },
    keepUnderWay: ({ window, durationMs }: { window: number; durationMs: number }) =>
      drive.keepUnderWay(window, durationMs),
    atRate: ({ perSecond, durationMs }: { perSecond: number; durationMs: number }) =>
      drive.atRate(perSecond, durationMs),
    countLost: ({ perSecond, durationMs }: { perSecond: number; durationMs: number }) =>
      drive.countLost(perSecond, durationMs),
    /** The first so many stop reading, and messages go on. */
    stall: async (request: { stalled: number; count: number; perSecond: number }) => {
      audience.stall(request.stalled);
      await drive.publishPast(request.stalled, request.count, request.perSecond);
    },
    /** Those that stopped come back; how much each still lacks in the end. */
    recover: ({ stalled, timeoutMs }: { stalled: number; timeoutMs: number }) =>
      audience.recover(stalled, drive.published, timeoutMs),
    /** Publishes so many more and waits until everybody has them. */
    publish: async (count: number) => {
      drive.publishUpTo(drive.published + count);
      await drive.completed();
    },
    /** Everybody goes, and so many are published meanwhile. */
    leave: (count: number) => {
      audience.close();
      drive.publishUpTo(drive.published + count);
    },
    /** Everybody comes back at once, while messages go on at a rate; how long it took until they had what they missed. */
    comeBack: async ({ perSecond }: { perSecond: number }) => {
      const missed = drive.published;
      const start = performance.now();
      const bytes = audience.bytes;
      const back = audience.comeBack(missed).then(() => ({
        ms: performance.now() - start,
        bytes: audience.bytes - bytes,
      }));
      await Promise.all([back, perSecond > 0 ? drive.atRate(perSecond, LIVE_MS) : undefined]);
      await drive.completed();
      return back;
    },
  },
  undefined,
);
