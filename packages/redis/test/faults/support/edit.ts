/** A change of a document that a node of a fault test is asked for. */
export type Edit =
  | {
      readonly kind: 'patch';
      readonly changes: Readonly<Record<string, unknown>>;
      readonly options?: { readonly ifVersion?: string };
    }
  | { readonly kind: 'increment'; readonly field: string }
  /** Reads a list, and adds to it if nobody else was faster; else again. */
  | { readonly kind: 'append'; readonly field: string; readonly item: string };
