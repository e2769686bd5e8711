/** Every error code on the wire, with what it means for a caller who would try again. */
export const ERROR_CODES = {
  /** The request cannot be read or breaks a rule; the same request will fail again. */
  bad_request: { temporary: false, status: 400 },
  /** No valid principal, session or ticket. */
  unauthenticated: { temporary: false, status: 401 },
  /** The principal is known and may not. */
  forbidden: { temporary: false, status: 403 },
  /** No such command, document or connection. */
  not_found: { temporary: false, status: 404 },
  /** A version, a precondition or a command id stands against it; nothing was changed. */
  conflict: { temporary: false, status: 409 },
  /** Over a limit of size or count. */
  too_large: { temporary: false, status: 413 },
  /** Too many in too short a time; see `retryAfterMs`. */
  rate_limited: { temporary: true, status: 429 },
  /** The backend or this node cannot now; where `details.outcome` is `"unknown"` it may have happened. */
  unavailable: { temporary: true, status: 503 },
  /** A fault of the server; its text says nothing of the inside. */
  internal: { temporary: false, status: 500 },
} as const;

/** One of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** An error as it travels. */
export interface ErrorBody {
  code: ErrorCode;
  message: string;
  /** True where the same request may succeed later. */
  temporary: boolean;
  /** How long to wait before the next try, in milliseconds. */
  retryAfterMs?: number;
  details?: unknown;
}

/** What a {@link RealtimeError} carries beside its code and message. */
export interface RealtimeErrorOptions {
  /** Default: what {@link ERROR_CODES} says of the code. */
  temporary?: boolean;
  /** Milliseconds. */
  retryAfterMs?: number;
  /** Anything JSON; reaches the client. */
  details?: unknown;
  /** Stays on the server. */
  cause?: unknown;
}

/** An error with a stable code. Its message and details reach the client, its cause and stack never do. */
export class RealtimeError extends Error {
  override readonly name: string = 'RealtimeError';
  readonly temporary: boolean;
  readonly retryAfterMs: number | undefined;
  readonly details: unknown;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: RealtimeErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.temporary = options.temporary ?? ERROR_CODES[code].temporary;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details;
  }

  /**
   * With `status` and `expose` the shape of an error of `http-errors`, by which frameworks, Nest's own filter among them, answer
   * where nothing else catches the error.
   */
  get statusCode(): number {
    return ERROR_CODES[this.code].status;
  }

  get status(): number {
    return this.statusCode;
  }

  /** Whether the message may be shown to a client. */
  get expose(): boolean {
    return this.code !== 'internal';
  }

  /** The error as it travels. */
  toBody(): ErrorBody {
    return {
      code: this.code,
      message: this.message,
      temporary: this.temporary,
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }
}
