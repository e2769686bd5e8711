import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { RealtimeBroadcaster } from '@nestwire/realtime';
import { LoadMeter, type Sample } from './load-meter.js';
import { MACHINE_CHANNEL } from './machine.channel.js';

const INTERVAL_MS = 1_000;
/** As many as the chart shows. */
const KEPT_SAMPLES = 60;

/** Publishes the machine's load once a second. */
@Injectable()
export class MachineService implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Machine');
  private readonly meter = new LoadMeter();
  private readonly samples: Sample[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly realtime: RealtimeBroadcaster) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.publish(), INTERVAL_MS);
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** The last samples, oldest first: a chart has something to begin with. */
  recent(): readonly Sample[] {
    return this.samples;
  }

  private async publish(): Promise<void> {
    const sample = this.meter.sample();
    this.samples.push(sample);
    if (this.samples.length > KEPT_SAMPLES) this.samples.shift();
    try {
      await this.realtime.publish(MACHINE_CHANNEL, 'machine.sample', sample);
    } catch (error) {
      // The next sample is a second away.
      this.logger.warn(`a sample was not published: ${String(error)}`);
    }
  }
}
