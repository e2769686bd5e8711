import { randomUUID } from 'node:crypto';
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { RealtimeError } from '@nestwire/protocol';
import { concat, defer, EMPTY, ignoreElements, type Observable, tap } from 'rxjs';
import { RealtimeBroadcaster } from '../channels/broadcaster.js';
import { ErrorReporter } from '../observability/error-reporter.js';
import { toHttpException } from '../sessions/http-error.js';
import { BroadcastQueue } from './broadcast-queue.js';
import { realtimeContext } from './execution.js';
import type { Message, Publication } from './publication.js';
import { realtimeMetadata } from './realtime-metadata.js';
import { retried } from './retried.js';

/**
 * Publishes what a handler with `@Realtime({ channel, event })` has returned, after it has succeeded: of an Observable the last
 * value, once it has completed; null where there was none. A handler that throws publishes nothing.
 */
@Injectable()
export class RealtimePublishInterceptor implements NestInterceptor {
  constructor(
    private readonly broadcaster: RealtimeBroadcaster,
    private readonly queue: BroadcastQueue,
    private readonly errors: ErrorReporter,
  ) {}

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    const publication = realtimeMetadata(execution.getHandler())?.publication;
    if (publication === undefined) return next.handle();
    let result: unknown;
    const handled = next.handle().pipe(tap((value) => (result = value)));
    return concat(handled, defer(() => this.publish(publication, execution, result)).pipe(ignoreElements()));
  }

  private publish(
    publication: Publication,
    execution: ExecutionContext,
    result: unknown,
  ): Observable<never> | Promise<void> {
    if (publication.required) return this.publishNow(publication, execution, result);
    this.publishLater(publication, execution, result);
    return EMPTY;
  }

  private async publishNow(
    publication: Publication,
    execution: ExecutionContext,
    result: unknown,
  ): Promise<void> {
    try {
      const sends = publication
        .messages(realtimeContext(execution, result))
        .map((message) => this.sender(message));
      await Promise.all(sends.map((send) => retried(send)));
    } catch (error) {
      throw failure(error, execution.getType());
    }
  }

  private publishLater(publication: Publication, execution: ExecutionContext, result: unknown): void {
    const { event } = publication;
    try {
      for (const message of publication.messages(realtimeContext(execution, result))) {
        this.queue.add(this.sender(message), { during: 'broadcast', channel: message.channel, event });
      }
    } catch (error) {
      this.errors.report(error, { during: 'broadcast', event });
    }
  }

  /** Every call of what it returns is the same operation: tried again, it is not published twice. */
  private sender({ channel, event, data, ...options }: Message): () => Promise<unknown> {
    const operationId = randomUUID();
    let isRetry = false;
    return async () => {
      const tried = isRetry;
      isRetry = true;
      return this.broadcaster.publish(channel, event, data, { ...options, operationId, isRetry: tried });
    };
  }
}

/** What the caller gets where a required broadcast has failed. */
function failure(error: unknown, contextType: string): Error {
  const refusal =
    error instanceof RealtimeError
      ? error
      : new RealtimeError('unavailable', 'the result could not be broadcast', {
          details: { outcome: 'unknown' },
          cause: error,
        });
  return contextType === 'http' ? toHttpException(refusal) : refusal;
}
