import { encodeVersion, type Fields } from '@nestwire/protocol';
import type { StoredDocument, StoredField } from '../backend/document-store.js';
import type { CurrentField } from './version-conflict.error.js';

/** A document, or some fields of it, at one version. */
export interface StateSnapshot<T = Fields> {
  readonly id: string;
  /** Opaque; hand it back as `ifVersion`. */
  readonly version: string;
  readonly fields: T;
  /** Version of the commit that last changed each field; hand them back as `ifFieldVersions`. */
  readonly fieldVersions: Readonly<Record<string, string>>;
}

/** The document with its values parsed. */
export function toSnapshot<T = Fields>(id: string, stored: StoredDocument): StateSnapshot<T> {
  const fields = Object.entries(currentFields(stored.position.epoch, stored.fields));
  return {
    id,
    version: encodeVersion(stored.position),
    fields: Object.fromEntries(fields.map(([name, { value }]) => [name, value])) as T,
    fieldVersions: Object.fromEntries(fields.map(([name, { version }]) => [name, version])),
  };
}

/** Stored fields with their values parsed and their versions as text. */
export function currentFields(
  epoch: string,
  stored: ReadonlyMap<string, StoredField>,
): Record<string, CurrentField> {
  return Object.fromEntries(
    [...stored].map(([name, { value, offset }]) => [
      name,
      { value: JSON.parse(value) as unknown, version: encodeVersion({ epoch, offset }) },
    ]),
  );
}

/** JSON text of all fields, put together from the stored texts without parsing any. */
export function snapshotText({ fields }: Pick<StoredDocument, 'fields'>): string {
  return `{${[...fields].map(([name, { value }]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
}
