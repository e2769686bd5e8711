import { isSid } from './session-secret.js';

/** The pattern of the ids of sessions' own documents. */
export const SESSION_DOCUMENTS = 'session:{sid}';

const PREFIX = 'session:';

/** The id of a session's own document, which its connections follow by themselves. */
export function sessionDocument(sid: string): string {
  return PREFIX + sid;
}

/** The session that a document is of. */
export function sessionOfDocument(id: string): string | undefined {
  const sid = id.startsWith(PREFIX) ? id.slice(PREFIX.length) : undefined;
  return sid !== undefined && isSid(sid) ? sid : undefined;
}
