import { setImmediate as turn } from 'node:timers/promises';

/** A call that all who ask for it before it begins share. It begins with the next turn of the event loop: those who come at once are one. */
export class SharedCall<Argument, Result> {
  private pending: { arguments: Argument[]; result: Promise<Result> } | undefined;

  constructor(private readonly call: (args: readonly Argument[]) => Promise<Result>) {}

  ask(argument: Argument): Promise<Result> {
    this.pending ??= this.begin([]);
    this.pending.arguments.push(argument);
    return this.pending.result;
  }

  private begin(args: Argument[]): { arguments: Argument[]; result: Promise<Result> } {
    const run = async (): Promise<Result> => {
      await turn();
      this.pending = undefined;
      return this.call(args);
    };
    return { arguments: args, result: run() };
  }
}
