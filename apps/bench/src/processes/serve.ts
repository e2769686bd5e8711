/** What a process of the benchmark can be asked; anything that passes as JSON. */
export type Operations = Readonly<Record<string, (argument: never) => unknown>>;

interface Question {
  readonly id: number;
  readonly operation: string;
  readonly argument: unknown;
}

export interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** Id of the first answer, which says that the process is ready. */
export const READY = 0;

/** Answers the process that has started this one, and ends with it. */
export function serve(operations: Operations, ready: unknown): void {
  process.on('message', (question: Question) => void answer(operations, question));
  process.on('disconnect', () => process.exit());
  send({ id: READY, result: ready });
}

async function answer(operations: Operations, { id, operation, argument }: Question): Promise<void> {
  try {
    send({ id, result: await operations[operation]!(argument as never) });
  } catch (error) {
    send({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

function send(message: Answer): void {
  process.send!(message);
}
