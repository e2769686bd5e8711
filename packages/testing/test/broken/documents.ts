import { randomUUID } from 'node:crypto';
import type { CommitRequest, DocumentStore, StoredDocument } from '@nestwire/realtime';
import { documentStoreConformance } from '../../src/index.js';
import { type Fault, type Faults, overriding, roundTrip } from './faults.js';

/** A backend whose documents have some methods replaced. */
export function withDocuments(change: (documents: DocumentStore) => Partial<DocumentStore>): Fault {
  return (backend) => ({ ...backend, documents: overriding(backend.documents, change(backend.documents)) });
}

export function committing(change: (request: CommitRequest) => CommitRequest): Fault {
  return withDocuments((documents) => ({
    commit: (id, request, history) => documents.commit(id, change(request), history),
  }));
}

/** Checks, and writes a round trip later. */
function checksTooEarly(documents: DocumentStore): Partial<DocumentStore> {
  return {
    async commit(id, request, history) {
      const { epoch, offset } = (await documents.read(id))?.position ?? {};
      await roundTrip();
      const holds = request.ifVersion?.epoch === epoch && request.ifVersion?.offset === offset;
      return documents.commit(id, holds ? { ...request, ifVersion: undefined } : request, history);
    },
  };
}

/** Writes the patch of one field out of two only. */
function losesAField({ set, ...request }: CommitRequest): CommitRequest {
  return { ...request, set: new Map([...set].slice(0, Math.max(1, set.size - 1))) };
}

/** Fields of one time under the version of another. */
function tearsSnapshots(documents: DocumentStore): Partial<DocumentStore> {
  return {
    async read(id, names) {
      const earlier = await documents.read(id, names);
      await roundTrip();
      const later = await documents.read(id, names);
      return (
        earlier && later && ({ fields: earlier.fields, position: later.position } satisfies StoredDocument)
      );
    },
  };
}

function reprinted(text: string): string {
  return JSON.stringify(JSON.parse(text));
}

export const brokenDocuments: Faults = {
  suite: documentStoreConformance,
  faults: {
    '1,000 concurrent commits with one ifVersion: exactly one is made': {
      'ignores ifVersion': committing((request) => ({ ...request, ifVersion: undefined })),
      'loses an update between check and write': withDocuments(checksTooEarly),
    },
    'ifVersion null: commits where the document does not exist, never written or with every field removed': {
      'ignores ifVersion null': committing((request) => ({
        ...request,
        ifVersion: request.ifVersion ?? undefined,
      })),
    },
    'ifFieldVersions: other fields may change, the named ones may not': {
      'ignores ifFieldVersions': committing((request) => ({ ...request, ifFieldVersions: undefined })),
      'takes ifFieldVersions for ifVersion': committing((request) => {
        const [first] = request.ifFieldVersions?.values() ?? [];
        return first ? { ...request, ifVersion: first } : request;
      }),
    },
    'ifVersion: at the version it commits, at any other it is refused': {
      'ignores the epoch of a version': withDocuments((documents) => ({
        async commit(id, request, history) {
          const epoch = (await documents.read(id))?.position.epoch;
          const { ifVersion } = request;
          const eased = ifVersion && epoch !== undefined ? { ...ifVersion, epoch } : ifVersion;
          return documents.commit(id, { ...request, ifVersion: eased }, history);
        },
      })),
    },
    'a refused commit changes nothing: no field, no version, no entry, and may be tried again': {
      'writes what it refuses': withDocuments((documents) => ({
        async commit(id, request, history) {
          const outcome = await documents.commit(id, request, history);
          if (!outcome.ok)
            await documents.commit(
              id,
              { ...request, ifVersion: undefined, ifFieldVersions: undefined },
              history,
            );
          return outcome;
        },
      })),
    },
    'a document grows to maxFields and no further, and a refused commit changes nothing': {
      'knows no limit': committing((request) => ({ ...request, maxFields: undefined })),
    },
    'the names and values of a document grow to maxBytes and no further, by their bytes in UTF-8': {
      'counts the bytes of a patch instead of those of the document': committing((request) => ({
        ...request,
        maxBytes: [...request.set].join('').length > request.maxBytes! ? 0 : undefined,
      })),
    },
    'ifExists: commits where the document exists, and else makes none': {
      'ignores ifExists': committing((request) => ({ ...request, ifExists: false })),
    },
    'ifVersion: what is refused is told the version and the fields that it names': {
      'does not say what differs': withDocuments((documents) => ({
        async commit(...args) {
          const outcome = await documents.commit(...args);
          return outcome.ok ? outcome : { ...outcome, fields: new Map() };
        },
      })),
    },
    'the first commit makes the document, at the version of its log': {
      'loses a field': committing(losesAField),
    },
    'fields are removed; a document without fields does not exist, and its log goes on': {
      'never removes a field': committing((request) => ({ ...request, del: [] })),
      'keeps a document without fields': withDocuments((documents) => {
        const last = new Map<string, StoredDocument>();
        return {
          async read(id, names) {
            const document = await documents.read(id, names);
            if (document !== undefined) last.set(id, document);
            return document ?? (last.has(id) ? { ...last.get(id)!, fields: new Map() } : undefined);
          },
        };
      }),
    },
    'commits of different fields merge, and each field keeps the offset of its last change': {
      'overwrites the whole document': withDocuments((documents) => ({
        async commit(id, request, history) {
          const others = [...((await documents.read(id))?.fields.keys() ?? [])].filter(
            (name) => !request.set.has(name),
          );
          return documents.commit(id, { ...request, del: others }, history);
        },
      })),
    },
    'a commit may be of thousands of fields, each of which is told from its neighbours': {
      'writes a thousand of them': committing((request) => ({
        ...request,
        set: new Map([...request.set].slice(0, 1_000)),
      })),
    },
    'an operation that is repeated is the same commit, whatever has happened since': {
      'commits a repeated operation again': committing((request) => ({
        ...request,
        operationId: randomUUID(),
      })),
    },
    'a field written with the text that it holds is not a change: no entry, no version': {
      'counts what is no change': withDocuments((documents) => ({
        async commit(id, request, history) {
          const outcome = await documents.commit(id, request, history);
          return outcome.ok ? { ...outcome, changed: true } : outcome;
        },
      })),
    },
    'values come back byte for byte, from the document and from its patch': {
      'parses values and prints them again': committing((request) => ({
        ...request,
        set: new Map([...request.set].map(([name, value]) => [name, reprinted(value)])),
      })),
    },
    'a commit is one entry of the log, which says what changed and stands at exactly its version': {
      'loses the correlation id': committing((request) => ({ ...request, correlationId: undefined })),
    },
    'a snapshot and the patches after it always fit together, whatever is written meanwhile': {
      'reads snapshots that are torn': withDocuments(tearsSnapshots),
    },
    'only the fields that were asked for, and that exist, are read': {
      'reads every field whatever is asked for': withDocuments((documents) => ({
        read: (id) => documents.read(id),
      })),
    },
    'a document and a channel of the same name are two things, and so are two documents': {
      'puts the document and the channel of its name together': (backend) => ({
        ...backend,
        log: overriding(backend.log, {
          end: (channel, history) => backend.log.end(channel.replace(/^(?!\$state:)/, '$state:'), history),
        }),
      }),
    },
    'a follower of the channel is handed every commit once, repeated operations not again': {
      'tells followers nothing': (backend) => ({
        ...backend,
        log: overriding(backend.log, { follow: async () => () => {} }),
      }),
    },
  },
};
