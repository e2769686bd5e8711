import type { ExecutionContext } from '@nestjs/common';
import type { Principal } from '../sessions/principal.js';

/** What comes into a handler and out of it has the decorated method's types, which a decorator's arguments cannot see. */
// oxlint-disable-next-line typescript/no-explicit-any -- with `unknown` a handler with typed parameters could not be decorated
export type AnyResult = any;
type AnyBody = AnyResult;

/** What templates and functions of `@Realtime` may look at. */
export interface RealtimeContext<Result = AnyResult> {
  /** A route's path parameters; empty elsewhere. */
  readonly params: Readonly<Record<string, string>>;
  /** A route's query; empty elsewhere. */
  readonly query: Readonly<Record<string, unknown>>;
  /** A route's body, a command's data, or a message's payload. */
  readonly body: AnyBody;
  /** What the handler returned: of an Observable the last value. */
  readonly result: Result;
  /** Who asked for it; anonymous where that is not known, as in a message of a broker. */
  readonly principal: Principal;
  /** For what is nowhere else, such as a broker's headers. */
  readonly execution: ExecutionContext;
}

/** The names that a template may begin with. */
export const TEMPLATE_ROOTS = ['params', 'query', 'body', 'result', 'principal'] as const;
