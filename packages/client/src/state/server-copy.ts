import { applyPatch, type Fields, type StatePatch } from '@nestwire/protocol';
import { isAtLeast } from './versions.js';

/** A document as the server has told it so far. */
export class ServerCopy {
  fields: Readonly<Fields>;
  /** Versions of the fields that have changed since; of the others only that they are no newer than the first version. */
  private readonly fieldVersions = new Map<string, string | null>();

  constructor(
    snapshot: Fields,
    public version: string,
  ) {
    this.fields = snapshot;
  }

  apply(patch: StatePatch, version: string): void {
    this.fields = applyPatch(this.fields, patch);
    for (const name of Object.keys(patch.set ?? {})) this.fieldVersions.set(name, version);
    for (const name of patch.del ?? []) this.fieldVersions.set(name, null);
    this.version = version;
  }

  /** Null: there is no such field. Undefined: it was there from the beginning, and nobody has said since when. */
  versionOf(name: string): string | null | undefined {
    const version = this.fieldVersions.get(name);
    return version === undefined && !Object.hasOwn(this.fields, name) ? null : version;
  }

  /** What somebody learned of a field in another way. */
  learn(name: string, version: string): void {
    if (isAtLeast(this.version, version) && Object.hasOwn(this.fields, name))
      this.fieldVersions.set(name, version);
  }
}
