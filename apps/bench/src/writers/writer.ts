/** What a process does to Redis, over and over. */
export interface Writer {
  /** Puts there what has to be there before. */
  prepare?(): Promise<unknown>;
  /** One write; `index` counts them. */
  write(index: number): Promise<unknown>;
}

/** So many channels take turns where events of many channels are published. */
export const CHANNELS = 1_000;

/** How large the document is whose one field is changed, in bytes. */
export interface DocumentSize {
  readonly fields: number;
}

export const FIELD_BYTES = 100;

export function fieldName(index: number): string {
  return `field-${index}`;
}

/** The fields of a document before it is changed. */
export function newFields({ fields }: DocumentSize): Record<string, string> {
  const value = 'x'.repeat(FIELD_BYTES - 12);
  return Object.fromEntries(Array.from({ length: fields }, (_, index) => [fieldName(index), value]));
}
