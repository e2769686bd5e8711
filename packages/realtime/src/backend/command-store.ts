/** How long a command's record is kept, in milliseconds. */
export const COMMAND_RECORD_TTL_MS = 10 * 60_000;

/** A command that a node wants to run. */
export interface CommandClaim {
  /** The session's or the connection's, so that ids of different clients never meet. */
  scope: string;
  id: string;
  /** Hash of the command's name and data. */
  digest: string;
  /** The node that wants to run it. */
  node: string;
}

/** What becomes of a claim. */
export type ClaimOutcome =
  /** It is the caller's to run. */
  | { status: 'claimed' }
  /** It runs on that node. */
  | { status: 'running'; node: string }
  /** It ran; the reply's JSON text. */
  | { status: 'settled'; reply: string }
  /** The id was used with another body. */
  | { status: 'conflict' };

/**
 * The record of commands that ran: an id makes a command run once.
 * A claim is atomic, and is kept for {@link COMMAND_RECORD_TTL_MS}.
 */
export interface CommandStore {
  /** Claims a command for a node, unless its id was claimed before. */
  claim(claim: CommandClaim): Promise<ClaimOutcome>;
  /** Stores the reply of a claimed command. */
  settle(scope: string, id: string, reply: string): Promise<void>;
}
