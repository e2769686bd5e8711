import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ErrorContext, ResolvedOptions } from '../realtime.options.js';
import { REALTIME_OPTIONS } from '../realtime.tokens.js';

/** Takes errors that no caller is there to receive to `options.onError`, or else to the log. Never throws. */
@Injectable()
export class ErrorReporter {
  private readonly logger = new Logger('Nestwire');

  constructor(@Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions) {}

  report(error: unknown, context: ErrorContext): void {
    const { onError } = this.options;
    try {
      if (onError !== undefined) return onError(error, context);
    } catch (hookError) {
      this.logger.error('the onError hook has thrown', stackOf(hookError));
    }
    const { during, ...rest } = context;
    this.logger.error(`${during}: ${messageOf(error)} ${JSON.stringify(rest)}`, stackOf(error));
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
