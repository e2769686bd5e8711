import { waitFor } from '../../../libs/harness/src/wait-for.js';

// oxlint-disable-next-line typescript/no-explicit-any -- what comes over the wire is only ever compared with what is expected
export type Data = any;

/** What a client has received, in order. */
export class Inbox {
  protected readonly events: { name: string; data: Data }[] = [];

  /** Those of this name; not of the session's own document, which every connection follows by itself. */
  named(name: string): Data[] {
    const asked = this.events.filter(({ data }) => !String(data?.c).startsWith('$state:session:'));
    return asked.filter((event) => event.name === name).map(({ data }) => data);
  }

  /** Resolves with the events of this name once there are so many. */
  async until(name: string, count = 1): Promise<Data[]> {
    await waitFor(() => this.named(name).length >= count && this.isLevel(), {
      what: `${count} times ${name}`,
    });
    return this.named(name);
  }

  /** False where what belongs to the last event is still to come. */
  protected isLevel(): boolean {
    return true;
  }
}
