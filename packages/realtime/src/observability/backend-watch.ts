import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Backend } from '../backend/backend.js';
import { REALTIME_BACKEND } from '../realtime.tokens.js';

/** Knows since when the backend is away. It was there when the module was made: otherwise the application would not have started. */
@Injectable()
export class BackendWatch implements OnModuleDestroy {
  readonly backendName: string;
  private awaySince: number | undefined;
  private readonly stop: () => void;

  constructor(@Inject(REALTIME_BACKEND) backend: Backend) {
    this.backendName = backend.name;
    this.stop = backend.onAvailability((availability) => {
      this.awaySince = availability === 'available' ? undefined : (this.awaySince ?? performance.now());
    });
  }

  get isAvailable(): boolean {
    return this.awaySince === undefined;
  }

  /** How long the backend has been away, in milliseconds; 0 while it is there. */
  get awayMs(): number {
    return this.awaySince === undefined ? 0 : performance.now() - this.awaySince;
  }

  onModuleDestroy(): void {
    this.stop();
  }
}
