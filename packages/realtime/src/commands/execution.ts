import type { ExecutionContext } from '@nestjs/common';
import { identityOf } from '../sessions/identity-of.js';
import { ANONYMOUS } from '../sessions/principal.js';
import type { RealtimeContext } from './realtime-context.js';

type Call = Pick<RealtimeContext, 'params' | 'query' | 'body'>;

/** Makes what templates see out of what Nest hands to an interceptor, whatever brought the call. */
export function realtimeContext(execution: ExecutionContext, result: unknown): RealtimeContext {
  const { principal = ANONYMOUS } = identityOf(execution) ?? {};
  return { ...callOf(execution), result, principal, execution };
}

function callOf(execution: ExecutionContext): Call {
  const none = { params: {}, query: {} };
  switch (execution.getType<string>()) {
    case 'http': {
      const { params, query, body } = execution.switchToHttp().getRequest<Partial<Call>>();
      return { params: params ?? {}, query: query ?? {}, body };
    }
    case 'ws':
    case 'graphql':
      return { ...none, body: execution.getArgByIndex(1) };
    default:
      // Microservices and the libraries of brokers have the payload first.
      return { ...none, body: execution.getArgByIndex(0) };
  }
}
