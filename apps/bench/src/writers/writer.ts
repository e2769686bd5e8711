/** What a process does to Redis, over and over. */
export interface Writer {
  /** Puts there what has to be there before. */
  prepare?(): Promise<unknown>;
  /** One write; `index` counts them. */
  write(index: number): Promise<unknown>;
}

/** So many channels take turns where events of many channels are published. */
export const CHANNELS = 1_000;

/** A document of which one field is changed. */
export interface DocumentSize {
  /** Names and values of all its fields, in bytes. */
  readonly bytes: number;
}

/** Value of a field that is changed, as JSON, in bytes. */
export const FIELD_BYTES = 20;
/** Fields that are changed, in turn. */
const CHANGED_FIELDS = 10;
/** The rest of a document is fields of about so many bytes: of small ones it may have no more than 10,000. */
const FILLER_BYTES = 1_000;

export function fieldName(index: number): string {
  return `field-${index % CHANGED_FIELDS}`;
}

/** Another one for each change, and always as long. */
export function fieldValue(index: number): string {
  return String(index).padStart(FIELD_BYTES - 2, '0');
}

/** The fields of a document before it is changed. */
export function newFields({ bytes }: DocumentSize): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let index = 0; index < CHANGED_FIELDS; index += 1) fields[fieldName(index)] = fieldValue(0);
  let left = bytes - CHANGED_FIELDS * (fieldName(0).length + FIELD_BYTES);
  for (let index = 0; left > 0; index += 1) {
    const name = `filler-${index}`;
    fields[name] = 'x'.repeat(Math.max(1, Math.min(FILLER_BYTES, left) - name.length - 2));
    left -= FILLER_BYTES;
  }
  return fields;
}
