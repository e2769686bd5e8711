import { HttpStatus } from '@nestjs/common';
import { RealtimeError } from '@nestwire/protocol';

/** A field as it stands. */
export interface CurrentField {
  readonly value: unknown;
  /** Version of the commit that last changed it. */
  readonly version: string;
}

/** What a client gets with the code `conflict`. */
export interface VersionConflictDetails {
  /** The document's current version. */
  readonly version: string;
  /** Where `ifVersion` failed, the fields that the patch names; where `ifFieldVersions` did, those that differ. */
  readonly fields: Readonly<Record<string, CurrentField>>;
  /** Those of them that do not exist now. */
  readonly missing?: readonly string[];
}

/** A patch was refused because the document has moved on; nothing was changed. Read, decide again, and retry. 412 over HTTP. */
export class VersionConflictError extends RealtimeError {
  override readonly name = 'VersionConflictError';
  declare readonly details: VersionConflictDetails;

  constructor(
    readonly version: string,
    readonly fields: Readonly<Record<string, CurrentField>>,
    readonly missing: readonly string[] = [],
    readonly exists = true,
  ) {
    super('conflict', exists ? `the document is at version ${version}` : 'the document does not exist', {
      details: { version, fields, ...(missing.length === 0 ? {} : { missing }) },
    });
  }

  override get statusCode(): number {
    return HttpStatus.PRECONDITION_FAILED;
  }
}
