import type { Publication } from './publication.js';

/** What `@Realtime` says of a method. */
export interface RealtimeMetadata {
  readonly command?: { readonly name: string; readonly roles?: readonly string[] };
  readonly publication?: Publication;
}

const REALTIME = 'nestwire:realtime';

export function setRealtimeMetadata(method: object, metadata: RealtimeMetadata): void {
  Reflect.defineMetadata(REALTIME, metadata, method);
}

export function realtimeMetadata(method: object): RealtimeMetadata | undefined {
  return Reflect.getOwnMetadata(REALTIME, method) as RealtimeMetadata | undefined;
}
