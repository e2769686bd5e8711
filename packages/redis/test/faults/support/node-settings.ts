import type { History } from '@nestwire/realtime';
import type { RedisBackendOptions } from '@nestwire/redis';

/** What a node of a fault test is told on its command line, as JSON. */
export interface NodeSettings {
  readonly redis: RedisBackendOptions;
  /** What channels keep whose kind is `log`. */
  readonly history: History;
  /** Backends of all other kinds of channels are bent, see bends.ts. */
  readonly isBent?: boolean;
}
