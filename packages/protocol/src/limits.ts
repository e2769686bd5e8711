/** Channels that one stream may ask for. */
export const MAX_CHANNELS_PER_STREAM = 32;
/** Longest URL and cursor together of a stream, in characters. */
export const MAX_STREAM_REQUEST_LENGTH = 6 * 1024;
/** Base path of every route, and the Socket.IO namespace, unless the module says otherwise. */
export const DEFAULT_BASE_PATH = '/realtime';
