import { type WebLocks, webLocks } from '../environment.js';

/** Says which of the pages that use the same name are still there. Where Web Locks cannot be had, none but this one is known to be. */
export class PageLock {
  private release: (() => void) | undefined;
  private locks: WebLocks | undefined = webLocks();

  constructor(
    private readonly name: string,
    /** This page's own. */
    readonly id: string,
  ) {}

  /** Resolves when others know of this page: until {@link leave}, or until the page is gone. */
  join(): Promise<void> {
    const { locks } = this;
    if (locks === undefined) return Promise.resolve();
    return new Promise((joined) => {
      const hold = (): Promise<void> => {
        joined();
        return new Promise((release) => (this.release = release));
      };
      locks.request(this.lockOf(this.id), {}, hold).catch(() => {
        this.locks = undefined;
        joined();
      });
    });
  }

  leave(): void {
    this.release?.();
  }

  /** Does something that one page does at a time; `isGone` tells whether a page of that id is there no more. */
  async alone<T>(work: (isGone: (id: string | undefined) => boolean) => Promise<T>): Promise<T> {
    const { locks } = this;
    if (locks === undefined) return work(() => true);
    return locks.request(this.name, {}, async () => {
      const { held = [] } = await locks.query();
      const names = new Set(held.map(({ name }) => name));
      return work((id) => id === undefined || !names.has(this.lockOf(id)));
    });
  }

  private lockOf(id: string): string {
    return `${this.name}:${id}`;
  }
}
