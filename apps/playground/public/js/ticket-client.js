import { channelOf, textOf } from './names.js';
import { SocketFeed } from './socket-feed.js';

/** A text is sent when its author pauses for so long. */
const PAUSE_MS = 500;
const RETRY_MS = 1_500;

export const FIELDS = ['title', 'note', 'priority', 'assignee'];

/**
 * One editor's copy of a ticket, over a connection of its own.
 *
 * Each change remembers the version of its field as it was when the change began, and is sent with it (`ifFieldVersions`). So changes
 * of different fields merge, and one of the same field is refused with the other's value: nobody overwrites what they have not seen.
 *
 * Raises `change` whenever anything of it has changed, and `merge` {field, isMerge} when somebody else has changed a field.
 */
export class TicketClient extends EventTarget {
  id;
  /** Offset of the last patch: the document's version is where its channel stands. */
  offset;
  isGone = false;
  /** What did not work, in a sentence. */
  problem;
  fields = new Map();
  /** Changes that the server does not have yet, by field: {value, base}. */
  drafts = new Map();
  /** By field: {theirs, version}. */
  conflicts = new Map();
  #versions = new Map();
  #sending = new Set();
  #timers = new Map();
  #feed = new SocketFeed();

  constructor() {
    super();
    this.#feed.addEventListener('state', () => this.#changed());
    this.#feed.addEventListener('start', ({ detail }) => void this.#started(detail));
    this.#feed.addEventListener('envelope', ({ detail }) => this.#received(detail));
    this.#feed.addEventListener('refused', ({ detail }) =>
      this.#failed(`This ticket is not open: ${detail.message}.`),
    );
    this.#feed.connect();
  }

  get state() {
    return this.#feed.state;
  }

  get isSending() {
    return this.#sending.size > 0;
  }

  /** Leaves the ticket that was open, and opens this one. */
  open(id) {
    if (id === this.id) return;
    this.id = id;
    this.offset = this.problem = undefined;
    this.isGone = false;
    for (const map of [this.fields, this.drafts, this.conflicts, this.#versions]) map.clear();
    this.#feed.follow([channelOf(id)]);
    this.#changed();
  }

  goOffline() {
    this.#feed.disconnect();
  }

  goOnline() {
    this.#feed.connect();
  }

  /** What the editor shows of a field. */
  valueOf(field) {
    return this.drafts.get(field)?.value ?? textOf(this.fields.get(field));
  }

  edit(field, value, { atOnce = false } = {}) {
    const base = this.drafts.get(field)?.base ?? this.#versions.get(field) ?? null;
    this.drafts.set(field, { value, base });
    const isBack = value === textOf(this.fields.get(field));
    if (isBack && !this.conflicts.has(field) && !this.#sending.has(field)) this.drafts.delete(field);
    this.#send(field, atOnce ? 0 : PAUSE_MS);
    this.#changed();
  }

  /** Ends a conflict: with `mine`, over the version that was shown, or with `theirs`. */
  resolve(field, choice) {
    const { theirs, version } = this.conflicts.get(field);
    this.conflicts.delete(field);
    this.#versions.set(field, version);
    this.fields.set(field, theirs);
    if (choice === 'mine') this.drafts.get(field).base = version;
    else this.drafts.delete(field);
    this.#send(field, 0);
    this.#changed();
  }

  /** A snapshot says nothing of the fields' versions, so they are asked for. */
  async #started({ recovered }) {
    if (recovered !== true) await this.#readVersions();
    for (const field of this.drafts.keys()) this.#send(field, 0);
  }

  async #readVersions() {
    const { id } = this;
    try {
      const { fieldVersions } = await this.#feed.command('realtime.state.get', { id: `ticket:${id}` });
      if (id === this.id)
        for (const [field, version] of Object.entries(fieldVersions)) this.#versions.set(field, version);
    } catch (error) {
      if (id === this.id && error.code === 'not_found') this.isGone = true;
    }
    this.#changed();
  }

  #received({ event, offset, version, data, replayed }) {
    this.offset = offset;
    if (event === 'state.snapshot') {
      for (const [field, value] of Object.entries(data)) this.fields.set(field, value);
    } else {
      for (const [field, value] of Object.entries(data.set ?? {}))
        this.#patched(field, value, version, replayed);
      for (const field of data.del ?? []) this.fields.delete(field);
    }
    this.isGone = this.fields.size === 0;
    this.#changed();
  }

  #patched(field, value, version, replayed) {
    const draft = this.drafts.get(field);
    const isOwn = draft !== undefined && this.#sending.has(field) && draft.sent === textOf(value);
    const isNews = textOf(this.fields.get(field)) !== textOf(value);
    this.fields.set(field, value);
    this.#versions.set(field, version);
    if (isOwn) draft.base = version;
    else if (this.conflicts.has(field)) this.conflicts.set(field, { theirs: value, version });
    else if (draft === undefined && isNews) {
      this.dispatchEvent(
        new CustomEvent('merge', { detail: { field, isMerge: this.drafts.size > 0, replayed } }),
      );
    }
  }

  #send(field, delay) {
    clearTimeout(this.#timers.get(field));
    this.#timers.set(
      field,
      setTimeout(() => void this.#flush(field), delay),
    );
  }

  async #flush(field) {
    const draft = this.drafts.get(field);
    if (draft === undefined || this.#sending.has(field) || this.conflicts.has(field) || this.state === 'off')
      return;
    const { id } = this;
    const { value, base } = draft;
    draft.sent = value;
    this.#sending.add(field);
    this.#changed();
    try {
      const patch = { id: `ticket:${id}`, set: { [field]: value }, ifFieldVersions: { [field]: base } };
      const { version } = await this.#feed.command('realtime.state.patch', patch);
      if (id === this.id) this.#saved(field, value, base, version);
    } catch (error) {
      if (id === this.id) this.#refused(field, error);
    }
    this.#sending.delete(field);
    this.#changed();
  }

  #saved(field, value, base, version) {
    this.problem = undefined;
    // Unless its own event, and perhaps another's after it, came before this answer.
    if ((this.#versions.get(field) ?? null) === base) {
      this.fields.set(field, value);
      this.#versions.set(field, version);
    }
    const draft = this.drafts.get(field);
    if (draft === undefined) return;
    draft.base = version;
    // What was typed meanwhile goes next.
    if (draft.value === value) this.drafts.delete(field);
    else this.#send(field, PAUSE_MS);
  }

  #refused(field, error) {
    const current = error.details?.fields?.[field];
    const { sent, base } = this.drafts.get(field) ?? {};
    if (error.code === 'conflict' && current !== undefined) {
      // Both wrote the same, or our own patch was stored although no answer came.
      if (textOf(current.value) === sent) this.#saved(field, sent, base, current.version);
      else this.conflicts.set(field, { theirs: current.value, version: current.version });
    } else if (error.code === undefined || error.temporary) {
      this.#send(field, error.retryAfterMs ?? RETRY_MS);
    } else {
      this.#failed(`Not saved: ${error.message}.`);
    }
  }

  #failed(problem) {
    this.problem = problem;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}
