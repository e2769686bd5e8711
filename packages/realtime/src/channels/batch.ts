import type { Chunk } from './chunk.js';

/** Turns chunks into what a transport writes. One per format; its frames are shared by all connections of the format. */
export interface Encoder<Frame> {
  encode(chunks: readonly Chunk[]): Frame;
}

/**
 * What one tick brings to a connection. Connections that receive the same chunks share the same batch, hence the same frame:
 * batches form a tree, in which each adds one chunk to its parent.
 */
export class Batch {
  private children: Map<Chunk, Batch> | undefined;
  private frames: Map<Encoder<unknown>, unknown> | undefined;

  constructor(readonly chunks: readonly Chunk[]) {}

  with(chunk: Chunk): Batch {
    this.children ??= new Map();
    let child = this.children.get(chunk);
    if (child === undefined) this.children.set(chunk, (child = new Batch([...this.chunks, chunk])));
    return child;
  }

  frame<Frame>(encoder: Encoder<Frame>): Frame {
    this.frames ??= new Map();
    let frame = this.frames.get(encoder) as Frame | undefined;
    if (frame === undefined) this.frames.set(encoder, (frame = encoder.encode(this.chunks)));
    return frame;
  }
}
