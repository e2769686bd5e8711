/** Channels that the server follows by itself, for the connection's own session, user and roles. */
export const BY_ITSELF = /^\$(session|user|role):/;
