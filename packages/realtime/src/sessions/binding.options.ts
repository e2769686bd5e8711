import type { IncomingMessage } from 'node:http';
import { defined, invalid } from '../realtime.checks.js';

/**
 * What tells one visitor from another: the address that the request came from (`limits.trustProxy`; of IPv6 the /64), the browser, or
 * whatever the application says of a request.
 */
export type Fingerprint = 'ip' | 'userAgent' | ((request: IncomingMessage) => string | undefined);

/** To what a session is bound, and what becomes of a request from elsewhere. */
export interface BindingOptions {
  /** What a session is bound to. */
  to: Fingerprint;
  /**
   * What becomes of a request that brings the session from elsewhere. Default `reject`.
   *
   * - `reject`: it is refused.
   * - `rotate`: it is given a new secret, and the one before is dead, so that only one of two can go on; refused where the answer can
   *   carry no secret, such as to a Socket.IO handshake.
   * - `warn`: it is let in, logged and counted.
   */
  onMismatch?: 'reject' | 'rotate' | 'warn';
}

const REACTIONS = ['reject', 'rotate', 'warn'];

/** @throws Error that names the option, its value, and what is allowed. */
export function resolveBinding(binding: BindingOptions | undefined): Required<BindingOptions> | undefined {
  if (binding === undefined) return undefined;
  const { to, onMismatch = 'reject' } = defined('sessions.binding', binding, ['to', 'onMismatch']);
  if (to !== 'ip' && to !== 'userAgent' && typeof to !== 'function')
    throw invalid('sessions.binding.to', to, "'ip', 'userAgent', or a function of the request");
  if (!REACTIONS.includes(onMismatch))
    throw invalid('sessions.binding.onMismatch', onMismatch, "'reject', 'rotate' or 'warn'");
  return { to, onMismatch };
}
