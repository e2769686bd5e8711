import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { CONTROL_EVENTS } from '@nestwire/protocol';
import type { Availability, Backend } from '../backend/backend.js';
import { REALTIME_BACKEND } from '../realtime.tokens.js';
import { Connections } from './connections.js';
import { Hub } from './hub.js';

/**
 * What happens while the backend is away, and when it is back: clients stay connected and are told, every channel is looked at for
 * what was missed, and then they are told that all is well.
 */
@Injectable()
export class Interruptions implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Nestwire');
  private stops: (() => void)[] = [];

  constructor(
    private readonly hub: Hub,
    private readonly connections: Connections,
    @Inject(REALTIME_BACKEND) private readonly backend: Backend,
  ) {}

  onApplicationBootstrap(): void {
    this.stops = [
      this.backend.onAvailability((availability) => this.onAvailability(availability)),
      this.backend.onInterrupted(() => void this.heal()),
    ];
  }

  onModuleDestroy(): void {
    for (const stop of this.stops) stop();
  }

  private onAvailability(availability: Availability): void {
    if (availability === 'available') return;
    this.hub.hold();
    if (this.connections.isDegraded) return;
    this.logger.warn(`the ${this.backend.name} backend cannot be reached`);
    this.connections.tell(CONTROL_EVENTS.degraded);
  }

  private async heal(): Promise<void> {
    const isLast = await this.hub.catchUp();
    if (!isLast || !this.connections.isDegraded) return;
    this.logger.log(`the ${this.backend.name} backend is back`);
    this.connections.tell(CONTROL_EVENTS.healed);
  }
}
