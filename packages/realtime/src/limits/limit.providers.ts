import { ConnectionLimits } from './connection-limits.js';
import { ClientAddresses } from './client-addresses.js';
import { ClientBreakers } from './client-breakers.js';
import { MessageLimits } from './message-limits.js';
import { Penalties } from './penalties.js';

/** What the module provides for limits. */
export const LIMIT_PROVIDERS = [ClientAddresses, Penalties, ClientBreakers, ConnectionLimits, MessageLimits];
