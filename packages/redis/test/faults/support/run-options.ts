export interface RunOptions {
  readonly name: string;
  readonly seed: number;
  /** How its channels' names begin: see node.app.ts. Default: three times `log`. */
  readonly kinds?: readonly string[];
  readonly publishers?: number;
  /** Clients that go from node to node and from transport to transport. */
  readonly roamers?: number;
  /** Clients that stay where they are until they are ended. */
  readonly steady?: number;
  readonly stayMs?: readonly [number, number];
  readonly restMs?: number;
  readonly padLength?: number;
  /** See `WireClientOptions`. */
  readonly silenceMs?: number;
}

export const DEFAULTS = {
  kinds: ['log', 'log', 'log'],
  publishers: 4,
  roamers: 8,
  steady: 4,
  stayMs: [100, 900] as const,
  restMs: 40,
  padLength: 2_000,
  silenceMs: 5_000,
};
