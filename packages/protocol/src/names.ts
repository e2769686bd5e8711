/** Longest channel name, in characters. */
export const MAX_CHANNEL_NAME_LENGTH = 200;
/** Longest event or command name, in characters. */
export const MAX_EVENT_NAME_LENGTH = 100;
/** Longest id of a command, in characters. */
export const MAX_COMMAND_ID_LENGTH = 64;

const CHANNEL_NAME = /^\$?[A-Za-z0-9._:@/-]+$/;
const EVENT_NAME = /^[A-Za-z0-9._:-]+$/;

/** Prefixes of the channels that are the library's own; every other name with a leading `$` is refused. */
export const RESERVED_CHANNEL_PREFIXES = {
  state: '$state:',
  presence: '$presence:',
  session: '$session:',
  user: '$user:',
  role: '$role:',
} as const;

/** Channels that a client may name in a subscription: ordinary ones, documents and presence. */
const SUBSCRIBABLE_PREFIXES = [RESERVED_CHANNEL_PREFIXES.state, RESERVED_CHANNEL_PREFIXES.presence];

/** True for 1 to 200 characters of `A-Z a-z 0-9 . _ : @ / -`, with a leading `$` only on one of our own prefixes. */
export function isChannelName(name: unknown): name is string {
  if (typeof name !== 'string' || name.length > MAX_CHANNEL_NAME_LENGTH || !CHANNEL_NAME.test(name))
    return false;
  return !name.startsWith('$') || hasPrefix(name, Object.values(RESERVED_CHANNEL_PREFIXES));
}

/** True where a client may ask for the channel at all (its policy still decides); `$user:` and its kin are followed by the server alone. */
export function isSubscribableName(name: unknown): name is string {
  return isChannelName(name) && (!name.startsWith('$') || hasPrefix(name, SUBSCRIBABLE_PREFIXES));
}

/** True for names without a leading `$`: the only ones that an application or a client may publish to by name. */
export function isPublishableName(name: unknown): name is string {
  return isChannelName(name) && !name.startsWith('$');
}

/**
 * True for 1 to 100 characters of `A-Z a-z 0-9 . _ : -`. `error` and `open` are refused because `EventSource` raises
 * events of these names itself; `realtime.` and `state.` begin the library's own.
 */
export function isEventName(name: unknown): name is string {
  return isOwnEventName(name) && !name.startsWith('realtime.') && !name.startsWith('state.');
}

/** Like {@link isEventName}, with the library's own names allowed. */
export function isOwnEventName(name: unknown): name is string {
  return (
    typeof name === 'string' &&
    name.length <= MAX_EVENT_NAME_LENGTH &&
    EVENT_NAME.test(name) &&
    name !== 'error' &&
    name !== 'open'
  );
}

function hasPrefix(name: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => name.startsWith(prefix) && name.length > prefix.length);
}
