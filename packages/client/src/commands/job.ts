import type { Reply } from '@nestwire/protocol';

/** There is nothing to send after all. */
export const NOTHING = Symbol('nothing');

/** After an answer: it is over, or to be sent once more at the same place, after so many milliseconds where it is a number. */
export type Next = 'done' | 'again' | number;

/** Something to be sent, and answered once. */
export interface Job {
  readonly command: string;
  /** The command's id; another only where the answer says that this one did not do it. */
  id: string;
  /** What to send, or {@link NOTHING}. Asked when it is its turn. One that throws has failed. */
  data(): unknown;
  /** What to keep beyond the page. Default: its data. */
  stored?(): unknown;
  /** How long to wait for the answer, in milliseconds; undefined: as long as it takes. */
  readonly timeoutMs?: number;
  /** What next. */
  answered(reply: Reply): Next | Promise<Next>;
  /** It was sent, there is no answer, and the server does not know it by its id any more. Left out: it fails. */
  lost?(): void;
  failed(error: Error): void;
}

/** What outlives a page. */
export interface StoredJob {
  /** Order. */
  seq: number;
  readonly id: string;
  readonly command: string;
  readonly data: unknown;
}
