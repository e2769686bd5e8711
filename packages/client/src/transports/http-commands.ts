import type { Command, ErrorBody, Ready, Reply } from '@nestwire/protocol';
import type { ResolvedOptions } from '../options.js';

/** Commands of a client that listens over SSE: `POST /realtime/commands`. */
export class HttpCommands {
  private readonly ended = new AbortController();
  private connection: string | undefined;
  private sid: string | null = null;
  /** Whoever changes the token may be another session from then on. */
  private isOther = false;

  constructor(
    private readonly options: ResolvedOptions,
    private token: string | undefined,
    /** What its session was proven with before, where the stream has another proof. */
    private readonly earlier?: string,
  ) {}

  get scope(): string | undefined {
    if (this.sid === null) return this.connection && `connection:${this.connection}`;
    return this.isOther ? undefined : this.sid;
  }

  begin(ready: Pick<Ready, 'connection' | 'sid'> | undefined): void {
    this.connection = ready?.connection;
    this.sid = ready?.sid ?? null;
    this.isOther = false;
  }

  setToken(token: string): void {
    this.isOther ||= token !== this.token;
    this.token = token;
  }

  /** The token that commands go with. */
  get bearer(): string | undefined {
    return this.token ?? this.earlier;
  }

  headers(token = this.token): Record<string, string> {
    return {
      ...this.options.headers,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
  }

  /**
   * Whoever has no session is known by the connection; where its node is not the one that answers, the command is sent without.
   * @throws Error where there was no answer.
   */
  async send(command: Command, aboutConnection = false): Promise<Reply> {
    const connection = aboutConnection || this.sid === null ? this.connection : undefined;
    const { response, reply } = await this.post({
      ...command,
      ...(connection === undefined ? {} : { connection }),
    });
    if (response.status !== 404 || connection === undefined || aboutConnection) return reply;
    return (await this.post(command)).reply;
  }

  abort(): void {
    this.ended.abort();
  }

  private async post(body: object): Promise<{ response: Response; reply: Reply }> {
    const { url, basePath, credentials } = this.options;
    const response = await fetch(`${url}${basePath}/commands`, {
      method: 'POST',
      headers: { ...this.headers(this.bearer), 'content-type': 'application/json' },
      body: JSON.stringify(body),
      credentials,
      signal: this.ended.signal,
    });
    if (response.status === 200) return { response, reply: (await response.json()) as Reply };
    const error = await readError(response);
    const advice = retryAfterOf(response);
    if (error === undefined) throw new NoReply(response.status, advice);
    return {
      response,
      reply: {
        id: null,
        ok: false,
        error: advice === undefined ? error : { ...error, retryAfterMs: advice },
      },
    };
  }
}

/** The answer was somebody else's, a proxy's, who may say when to try again. */
class NoReply extends Error {
  constructor(
    status: number,
    readonly retryAfterMs: number | undefined,
  ) {
    super(`the command was answered with ${status}`);
  }
}

/** The error in an answer of the server; undefined where it is somebody else's answer, a proxy's. */
export async function readError(response: Response): Promise<ErrorBody | undefined> {
  try {
    const { error } = (await response.json()) as { error?: ErrorBody };
    return typeof error?.code === 'string' && typeof error.temporary === 'boolean' ? error : undefined;
  } catch {
    return undefined;
  }
}

/** The header `Retry-After`, seconds or a date, in milliseconds. */
export function retryAfterOf({ headers }: Response): number | undefined {
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
