import type { Redis } from 'ioredis';

export type ServerVersion = readonly [major: number, minor: number];

/** What the scripts need: exclusive ranges of streams, `XADD NOMKSTREAM`, `CLIENT INFO`. */
const OLDEST: ServerVersion = [6, 2];

/** The server's version, in the numbers of Redis, which Valkey gives too; undefined where it does not say. */
export async function versionOf(client: Redis): Promise<ServerVersion | undefined> {
  // Not everybody may ask.
  const info = await client.info('server').catch(() => '');
  const [, major, minor] = /^redis_version:(\d+)\.(\d+)/m.exec(info) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor)];
}

export function isAtLeast([major, minor]: ServerVersion, [wantedMajor, wantedMinor]: ServerVersion): boolean {
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/** @throws Error where the server is too old. */
export function assertVersion(version: ServerVersion | undefined): void {
  if (version === undefined || isAtLeast(version, OLDEST)) return;
  throw new Error(
    `Nestwire: the server is Redis ${version.join('.')}; needed is Redis ${OLDEST.join('.')} or newer, or Valkey`,
  );
}
