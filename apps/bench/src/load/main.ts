import { serve } from '../processes/serve.js';
import { Audience, type AudienceOptions } from './audience.js';
import { Drive } from './drive.js';

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
  },
  undefined,
);
