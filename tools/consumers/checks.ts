/** A check that hangs fails after so long, in milliseconds. */
const TIMEOUT_MS = 120_000;

/** Counts what holds, and keeps why the rest does not. */
export class Checks {
  passed = 0;
  readonly failures: string[] = [];

  async that(title: string, check: () => void | Promise<void>): Promise<void> {
    try {
      await withinTime(check());
      this.passed += 1;
    } catch (error) {
      this.failures.push(`${title}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

async function withinTime(check: void | Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  });
  try {
    await Promise.race([check, late]);
  } finally {
    clearTimeout(timer);
  }
}
