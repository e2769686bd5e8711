/** Does something again and again until it is stopped. */
export class Load implements AsyncDisposable {
  private isStopped = false;
  private readonly work: Promise<void>;

  constructor(step: () => Promise<unknown>) {
    this.work = this.run(step);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.work;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private async run(step: () => Promise<unknown>): Promise<void> {
    while (!this.isStopped) await step();
  }
}
