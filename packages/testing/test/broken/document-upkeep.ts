import type { DocumentStore, Schedule, StoredField } from '@nestwire/realtime';
import { documentStoreConformance } from '../../src/index.js';
import { committing, withDocuments } from './documents.js';
import { type Fault, type Faults, overriding } from './faults.js';

/** More than any schedule of a test holds. */
const ALL = 1_000;
const LONG_MS = 60_000;

/** A backend whose schedules of documents, both, have some methods replaced. */
function withSchedules(change: (schedule: Schedule) => Partial<Schedule>): Fault {
  return withDocuments(({ unsaved, expiring }) => ({
    unsaved: overriding(unsaved, change(unsaved)),
    expiring: overriding(expiring, change(expiring)),
  }));
}

/** Takes the names and values down before it is known whether the commit holds. */
function keepsTooEarly(documents: DocumentStore): Partial<DocumentStore> {
  const kept = new Map<string, ReadonlyMap<string, StoredField>>();
  return {
    async commit(id, request, history) {
      const before = await documents.read(id, request.del);
      if (request.keepRemoved && before !== undefined) kept.set(id, before.fields);
      return documents.commit(id, request, history);
    },
    readRemoved: async (id) => kept.get(id),
  };
}

/** Only what has fields counts as being here. */
function forgetsRemovals(documents: DocumentStore): Partial<DocumentStore> {
  return {
    async commit(id, request, history) {
      if (request.ifLoaded === undefined || (await documents.read(id)) !== undefined)
        return documents.commit(id, request, history);
      const { ifLoaded, ...rest } = request;
      const outcome = await documents.commit(id, { ...rest, ifExists: ifLoaded }, history);
      return outcome.ok || !ifLoaded ? outcome : { ...outcome, unloaded: true };
    },
  };
}

export const brokenDocumentUpkeep: Faults = {
  suite: documentStoreConformance,
  faults: {
    'a document is unsaved from its first commit until it was saved at that version, and again from the next':
      {
        'does not note what was saved': withDocuments(() => ({ markSaved: async () => {} })),
        'gives the version alone': withDocuments((documents) => ({
          async claimUnsaved(...args) {
            const answer = await documents.claimUnsaved(...args);
            return answer && 'fields' in answer ? { ...answer, fields: new Map() } : answer;
          },
        })),
      },
    'what was committed while a document was being saved is unsaved still': {
      'takes what was saved for the latest': withDocuments((documents) => ({
        async markSaved(id) {
          const document = await documents.read(id);
          if (document !== undefined) await documents.markSaved(id, document.position);
        },
      })),
    },
    'a removed document is unsaved too, without fields': {
      'tells of no removal': withDocuments((documents) => ({
        claimUnsaved: async (id, ...rest) =>
          (await documents.read(id)) === undefined ? undefined : documents.claimUnsaved(id, ...rest),
      })),
    },
    'an unsaved document is given to one of two who ask, and to whoever wants it all the same': {
      'lets go of what it has claimed': withDocuments((documents) => ({
        claimUnsaved: (id, _claimMs, options) => documents.claimUnsaved(id, 0, options),
      })),
    },
    'revisions of a document rise with every answer, in another epoch too': {
      'begins again with its revisions': withDocuments((documents) => ({
        async claimUnsaved(...args) {
          const answer = await documents.claimUnsaved(...args);
          return answer && 'revision' in answer ? { ...answer, revision: 1 } : answer;
        },
      })),
    },
    'ifLoaded: a commit is refused where the document is not here, unless its removal has yet to be saved': {
      'ignores ifLoaded': committing((request) => ({ ...request, ifLoaded: undefined })),
      'takes what was removed for what is not here': withDocuments(forgetsRemovals),
    },
    'ifLoaded false: a commit is refused where the document is here, or its removal has yet to be saved': {
      'loads over what is here': committing((request) => ({ ...request, ifLoaded: undefined })),
      'brings back what was removed': withDocuments(forgetsRemovals),
      'saves what it has loaded': committing((request) => ({ ...request, isSaved: false })),
    },
    'what a commit removes is kept where it is asked to, until it is forgotten': {
      'keeps nothing': committing((request) => ({ ...request, keepRemoved: false })),
      'keeps whatever is removed': committing((request) => ({ ...request, keepRemoved: true })),
    },
    'a refused commit keeps nothing of what it was to remove': {
      'keeps before it checks': withDocuments(keepsTooEarly),
    },
    'an id is due at its time and not before, and what is set anew is due at its last time alone': {
      'gives what is not due': withSchedules((schedule) => ({ set: (id) => schedule.set(id, 0) })),
      'holds to the first time': withSchedules((schedule) => {
        const known = new Set<string>();
        return {
          async set(id, inMs) {
            if (!known.has(id)) await schedule.set(id, inMs);
            known.add(id);
          },
        };
      }),
    },
    'a due id is given to one of many who ask, and to the next when the claim is over and it was not settled':
      {
        'claims nothing for whom it is given to': withSchedules((schedule) => ({
          claim: (limit) => schedule.claim(limit, 0),
        })),
        'takes out what it gives': withSchedules((schedule) => ({
          async claim(limit, claimMs) {
            const due = await schedule.claim(limit, claimMs);
            for (const each of due) await schedule.settle(each, null);
            return due;
          },
        })),
      },
    'a settled id is out, or due at the time that was said': {
      'settles nothing': withSchedules(() => ({ settle: async () => {} })),
      'takes out what is to come again': withSchedules((schedule) => ({
        settle: (due) => schedule.settle(due, null),
      })),
    },
    'an id that is set anew while it is claimed stays as it was set, whatever it is settled to': {
      'settles what was set since': withSchedules((schedule) => ({
        async settle({ id }, inMs) {
          for (const due of await schedule.claim(ALL, LONG_MS))
            if (due.id === id) await schedule.settle(due, inMs);
        },
      })),
    },
    'no more ids are given than were asked for, the longest due first': {
      'gives all that are due': withSchedules((schedule) => ({
        claim: (_limit, claimMs) => schedule.claim(ALL, claimMs),
      })),
      'gives the last first': withSchedules((schedule) => ({
        claim: async (limit, claimMs) => (await schedule.claim(ALL, claimMs)).reverse().slice(0, limit),
      })),
    },
  },
};
