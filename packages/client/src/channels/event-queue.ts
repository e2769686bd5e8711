import { RealtimeError } from '@nestwire/protocol';

/** Events that may wait for their reader. */
const MAX_WAITING = 1_000;

interface Reader<T> {
  resolve(result: IteratorResult<T>): void;
  reject(error: RealtimeError): void;
}

/** Events for one `for await`, in order. Its source runs until the loop ends. */
export class EventQueue<T> implements AsyncIterableIterator<T> {
  private readonly waiting: T[] = [];
  private readers: Reader<T>[] = [];
  private error: RealtimeError | undefined;
  private isOver = false;
  private stop: () => void = () => undefined;

  /** `start` begins what calls {@link push}, and answers how to end it. */
  begin(start: () => () => void, signal?: AbortSignal): this {
    const end = (): void => void this.return();
    if (signal?.aborted) end();
    else {
      signal?.addEventListener('abort', end, { once: true });
      const stop = start();
      this.stop = () => {
        signal?.removeEventListener('abort', end);
        stop();
      };
    }
    return this;
  }

  push(value: T): void {
    const reader = this.readers.shift();
    if (reader !== undefined) return reader.resolve({ done: false, value });
    if (this.waiting.push(value) <= MAX_WAITING) return;
    this.fail(new RealtimeError('too_large', `the reader is more than ${MAX_WAITING} events behind`));
  }

  /** The reader gets what came before, then the error. */
  fail(error: RealtimeError): void {
    if (this.isOver) return;
    this.error = error;
    this.finish();
  }

  next(): Promise<IteratorResult<T>> {
    const value = this.waiting.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    const { error } = this;
    this.error = undefined;
    if (error !== undefined) return Promise.reject(error);
    if (this.isOver) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.readers.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<T>> {
    this.waiting.length = 0;
    this.finish();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The reader gets what came before, then the end. */
  finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.stop();
    const { readers, error } = this;
    this.readers = [];
    if (error !== undefined && readers.length > 0) this.error = undefined;
    for (const reader of readers) {
      if (error === undefined) reader.resolve({ done: true, value: undefined });
      else reader.reject(error);
    }
  }
}
