import { textOf } from './names.js';
import { createRealtimeClient, decodeVersion } from './vendor.js';

/** A text is sent when its author pauses for so long. */
const PAUSE_MS = 500;

export const FIELDS = ['title', 'note', 'priority', 'assignee'];

/**
 * One editor's copy of a ticket: a document of a client with a connection of its own.
 *
 * What is typed is a draft until its author pauses, and then a `set` of that field. The client shows it at once, keeps it while there
 * is no connection, and takes it back where somebody else has changed the same field meanwhile: that is a conflict, and the author
 * chooses. Changes of different fields merge.
 *
 * Raises `change` whenever anything of it has changed, and `merge` {field, own, isMerge} when somebody else has changed a field.
 */
export class TicketClient extends EventTarget {
  id;
  /** What did not work, in a sentence. */
  problem;
  /** By field, what was typed and is not the document's yet. */
  drafts = new Map();
  /** Fields that somebody else has changed since the draft was begun. */
  conflicts = new Set();
  /** By field, the text that this editor has seen of the document. */
  #seen = new Map();
  #sending = new Set();
  #timers = new Map();
  #saved;
  #client = createRealtimeClient({ tabs: false });
  #document;
  #leave;

  constructor() {
    super();
    this.#client.connection.subscribe(() => this.#changed());
    this.#client.connect();
  }

  get state() {
    const { status, reason } = this.#client.connection.value;
    if (status === 'connected') return 'live';
    return reason === 'disconnected' ? 'off' : 'connecting';
  }

  get isSending() {
    return this.#sending.size > 0;
  }

  /** Where the document's channel stands: its version is that, in an opaque form. Undefined until it has come. */
  get offset() {
    return decodeVersion(this.#document?.version ?? '')?.offset;
  }

  /** Its last field was removed. */
  get isGone() {
    const { version, value = {} } = this.#document?.getSnapshot() ?? {};
    return version !== undefined && Object.keys(value).length === 0;
  }

  /** Leaves the ticket that was open, and opens this one. */
  open(id) {
    if (id === this.id) return;
    this.#leave?.();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const kept of [this.drafts, this.conflicts, this.#seen, this.#sending, this.#timers]) kept.clear();
    this.problem = this.#saved = undefined;
    this.id = id;
    this.#document = this.#client.state(`ticket:${id}`);
    this.#leave = this.#document.subscribe(() => this.#look());
    this.#look();
  }

  goOffline() {
    this.#client.disconnect();
  }

  goOnline() {
    this.#client.connect();
  }

  /** What the editor shows of a field. */
  valueOf(field) {
    return this.drafts.get(field) ?? this.theirs(field);
  }

  /** What the document has of it. */
  theirs(field) {
    return textOf(this.#document?.value?.[field]);
  }

  edit(field, text, { atOnce = false } = {}) {
    this.drafts.set(field, text);
    this.problem = undefined;
    if (text === this.#seen.get(field) && !this.conflicts.has(field) && !this.#sending.has(field))
      this.drafts.delete(field);
    this.#send(field, atOnce ? 0 : PAUSE_MS);
    this.#changed();
  }

  /** Ends a conflict: with `mine`, which is set over what the others have written, or with `theirs`. */
  resolve(field, choice) {
    this.conflicts.delete(field);
    if (choice === 'mine') this.#send(field, 0);
    else this.drafts.delete(field);
    this.#changed();
  }

  #send(field, delay) {
    clearTimeout(this.#timers.get(field));
    this.#timers.set(
      field,
      setTimeout(() => void this.#flush(field), delay),
    );
  }

  async #flush(field) {
    const text = this.drafts.get(field);
    if (text === undefined || this.#sending.has(field) || this.conflicts.has(field)) return;
    const document = this.#document;
    this.#sending.add(field);
    const setting = document.set({ [field]: text });
    this.#changed();
    const outcome = await setting.then(
      ({ version }) => ({ version }),
      (error) => ({ error }),
    );
    if (document === this.#document) this.#settle(field, text, outcome);
  }

  #settle(field, text, { version, error }) {
    this.#sending.delete(field);
    if (error === undefined) {
      this.#seen.set(field, text);
      this.#saved = { field, offset: decodeVersion(version).offset };
      // What was typed meanwhile goes next.
      if (this.drafts.get(field) === text) this.drafts.delete(field);
      else this.#send(field, PAUSE_MS);
    } else if (error.code !== 'conflict') {
      this.drafts.delete(field);
      this.problem = `Taken back, the server refused it: ${error.message}.`;
    }
    this.#look();
  }

  /** Finds what others have changed. What is on its way is shown by the document already, and says nothing of others. */
  #look() {
    const { value, error } = this.#document.getSnapshot();
    if (error !== undefined && value === undefined) this.problem = `Not open: ${error.message}.`;
    if (value !== undefined)
      for (const field of FIELDS) if (!this.#sending.has(field)) this.#compare(field, textOf(value[field]));
    this.#changed();
  }

  #compare(field, text) {
    const before = this.#seen.get(field);
    this.#seen.set(field, text);
    if (before === undefined || before === text) return;
    if (this.drafts.get(field) === text) {
      this.drafts.delete(field);
      this.conflicts.delete(field);
    } else if (this.drafts.has(field)) {
      this.conflicts.add(field);
    } else {
      this.#raise('merge', { field, ...this.#ownSince() });
    }
  }

  /** One's own changes that their author did not know of: those on their way, and the last one if it was committed later. */
  #ownSince() {
    const own = [...this.drafts.keys()];
    if (own.length === 0 && this.#saved !== undefined && this.#saved.offset > this.offset)
      own.push(this.#saved.field);
    return { own: own.join(' and '), isMerge: own.length > 0 };
  }

  #changed() {
    this.#raise('change');
  }

  #raise(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
