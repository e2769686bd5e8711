import { MAX_CHANNEL_NAME_LENGTH, RealtimeError, RESERVED_CHANNEL_PREFIXES } from '@nestwire/protocol';
import type { Identity } from './identity.js';
import { sessionDocument } from './session-document.js';

/** Every character that an id cannot have in a channel's name; `/` is among them because it begins an escape. */
const FOREIGN = /[^A-Za-z0-9._:@-]+/g;
/** Half a character. Its bytes would be the same as those of any other half, so that two ids would share a channel. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * The channel that every connection of a user follows. Ids of `A-Z a-z 0-9 . _ : @ -` appear as they are; the UTF-8
 * bytes of other characters as `/hh`: `auth0|1` is `$user:auth0/7c1`. Different ids never share a channel.
 * @throws RealtimeError `bad_request` where the id is empty, is no well-formed Unicode, or makes a name of more than 200 characters.
 */
export function userChannel(userId: string): string {
  return channelOf(RESERVED_CHANNEL_PREFIXES.user, userId);
}

/** The channel that every connection of a session follows; escaped and refused as in {@link userChannel}. */
export function sessionChannel(sid: string): string {
  return channelOf(RESERVED_CHANNEL_PREFIXES.session, sid);
}

/** The channel that every connection of a role's holders follows; escaped and refused as in {@link userChannel}. */
export function roleChannel(role: string): string {
  return channelOf(RESERVED_CHANNEL_PREFIXES.role, role);
}

/** The channels that a connection follows by itself: its session's, that session's document's, its user's, its roles', each once. */
export function followedChannels({ principal, session }: Identity): string[] {
  const channels = new Set<string>();
  if (session !== null) {
    channels.add(sessionChannel(session.sid));
    channels.add(RESERVED_CHANNEL_PREFIXES.state + sessionDocument(session.sid));
  }
  if (principal.userId !== undefined) channels.add(userChannel(principal.userId));
  for (const role of principal.roles) channels.add(roleChannel(role));
  return [...channels];
}

function channelOf(prefix: string, id: string): string {
  const name = prefix + id.replace(FOREIGN, escapeBytes);
  if (id === '' || LONE_SURROGATE.test(id) || name.length > MAX_CHANNEL_NAME_LENGTH) {
    throw new RealtimeError(
      'bad_request',
      `${prefix}… needs an id that is neither empty nor too long for a channel's name`,
    );
  }
  return name;
}

function escapeBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('hex').replace(/../g, '/$&');
}
