/** What was started, to be ended together, the last first. */
export class Started implements AsyncDisposable {
  private readonly all: AsyncDisposable[] = [];

  keep<T extends AsyncDisposable>(started: T): T {
    this.all.push(started);
    return started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.all.splice(0).reverse()) await each[Symbol.asyncDispose]();
  }

  /** Starts several; where one fails, those before it are ended. */
  static async with<T>(start: (started: Started) => Promise<T>): Promise<T> {
    const started = new Started();
    try {
      return await start(started);
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
  }
}
