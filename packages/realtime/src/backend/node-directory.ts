import { randomUUID } from 'node:crypto';

/** The nodes that share a backend. */
export abstract class NodeDirectory {
  /** This node's own id: random, never used again, so that a claim of an earlier life is nobody's. */
  abstract readonly id: string;

  /** False only where the node is known to have died: what it was running will never be answered. */
  abstract isAlive(node: string): Promise<boolean>;
}

/** A node that knows of no others, and takes them to be alive. */
export class LoneNode extends NodeDirectory {
  readonly id = randomUUID();

  async isAlive(): Promise<boolean> {
    return true;
  }
}
