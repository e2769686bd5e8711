import { announce, calm, el, flash, sleep } from './dom.js';
import { FIELDS, TicketClient } from './ticket-client.js';

const LABELS = { title: 'Title', note: 'Note', priority: 'Priority', assignee: 'Assignee' };
const STATES = { live: 'Live', connecting: 'Connecting', off: 'Offline' };
const PRIORITIES = ['low', 'normal', 'high', 'urgent'];
const NEWS_MS = 6_000;

/** A form over one ticket, with a connection of its own and a switch that takes it away. */
export class Editor {
  client = new TicketClient();
  element;
  #name;
  #inputs = {};
  #boxes = {};
  #state = el('span', { class: 'state' });
  #switch = el(
    'button',
    { type: 'button', role: 'switch', class: 'switch', onclick: () => this.toggle() },
    'Online',
  );
  #status = el('p', { class: 'editor__status' });
  #notice = el('p', { class: 'editor__notice', hidden: true });
  /** What somebody else has changed a moment ago. */
  #news;
  #newsTimer;

  constructor(name, { level = 'h3' } = {}) {
    this.#name = name;
    const form = el('form', { class: 'editor__form', onsubmit: (event) => event.preventDefault() });
    for (const field of FIELDS) form.append(this.#box(field));
    const header = el('header', { class: 'editor__header' }, el(level, {}, name), this.#state, this.#switch);
    const footer = el('footer', { class: 'editor__footer' }, this.#status, this.#notice);
    this.element = el('article', { class: 'editor', 'aria-label': name }, header, form, footer);
    this.client.addEventListener('change', () => this.#show());
    this.client.addEventListener('merge', ({ detail }) => this.#merged(detail));
    this.#show();
  }

  open(id) {
    this.#news = undefined;
    this.client.open(id);
  }

  toggle() {
    if (this.client.state === 'off') this.client.goOnline();
    else this.client.goOffline();
  }

  /** Writes into a field as somebody at the keyboard would. */
  async type(field, text) {
    if (calm() || field === 'priority') return this.client.edit(field, text, { atOnce: true });
    for (let length = 1; length <= text.length; length += 2) {
      this.client.edit(field, text.slice(0, length));
      await sleep(24);
    }
    this.client.edit(field, text, { atOnce: true });
  }

  /** Resolves when nothing waits to be sent, or a conflict wants an answer. */
  async settled() {
    const isSettled = () =>
      this.client.state === 'live' && this.client.drafts.size <= this.client.conflicts.size;
    for (let tries = 0; tries < 100 && (!isSettled() || this.client.isSending); tries += 1) await sleep(50);
  }

  #box(field) {
    const input = inputFor(field);
    input.addEventListener('input', () =>
      this.client.edit(field, input.value, { atOnce: field === 'priority' }),
    );
    input.addEventListener('change', () => this.client.edit(field, input.value, { atOnce: true }));
    const mark = el('span', { class: 'field__mark' });
    const label = el(
      'label',
      { class: 'field' },
      el('span', { class: 'field__label' }, LABELS[field], mark),
      input,
    );
    const box = el('div', { class: 'field-box', 'data-field': field }, label);
    this.#inputs[field] = input;
    this.#boxes[field] = { box, mark, panel: undefined };
    return box;
  }

  #show() {
    const { state, isGone, id } = this.client;
    this.#state.textContent = STATES[state];
    this.#state.dataset.state = state;
    this.element.dataset.state = state;
    this.#switch.setAttribute('aria-checked', String(state !== 'off'));
    this.#switch.setAttribute('aria-label', `${this.#name} is online`);
    for (const field of FIELDS) this.#showField(field, id === undefined || isGone);
    this.#status.textContent = this.#statusText();
    const isBad = this.client.conflicts.size > 0 || this.client.problem !== undefined;
    this.#status.dataset.tone = isBad ? 'bad' : '';
    this.#notice.hidden = this.#news === undefined || isBad;
    this.#status.hidden = !this.#notice.hidden;
  }

  #showField(field, isClosed) {
    const input = this.#inputs[field];
    const value = this.client.valueOf(field);
    if (field === 'priority') offer(input, value);
    if (input.value !== value) input.value = value;
    input.disabled = isClosed;
    const { mark } = this.#boxes[field];
    mark.textContent = this.client.drafts.has(field) ? 'not saved yet' : '';
    this.#showConflict(field);
  }

  #showConflict(field) {
    const parts = this.#boxes[field];
    const isConflict = this.client.conflicts.has(field);
    if (!isConflict) {
      parts.panel?.remove();
      parts.panel = undefined;
    } else if (parts.panel === undefined) {
      parts.panel = this.#conflictPanel(field);
      parts.box.append(parts.panel);
      announce(`${this.#name}: a conflict. Both sides changed the ${field}; choose one.`);
    }
    if (!isConflict) return;
    parts.panel.querySelector('.conflict__theirs').textContent = this.client.theirs(field) || '(empty)';
    parts.panel.querySelector('.conflict__mine').textContent = this.client.valueOf(field) || '(empty)';
  }

  #conflictPanel(field) {
    const choose = (choice) => () => {
      this.client.resolve(field, choice);
      this.#inputs[field].focus();
    };
    const side = (name, title, choice, text) =>
      el(
        'div',
        { class: 'conflict__side' },
        el('h4', {}, title),
        el('p', { class: `conflict__${name}` }),
        el('button', { type: 'button', class: 'button button--small', onclick: choose(choice) }, text),
      );
    return el(
      'div',
      { class: 'conflict', role: 'group', 'aria-label': `Conflict in ${LABELS[field]}` },
      el(
        'p',
        { class: 'conflict__title' },
        `Conflict: both sides changed the ${field}. Nothing was overwritten.`,
      ),
      side('theirs', 'Theirs, stored', 'theirs', 'Take theirs'),
      side('mine', 'Yours, kept here', 'mine', 'Keep mine'),
    );
  }

  #merged({ field, own, isMerge }) {
    flash(this.#boxes[field].box);
    const text = isMerge ? `Merged: their ${field}, and your ${own}.` : `Someone else changed the ${field}.`;
    this.#news = this.#notice.textContent = text;
    this.#notice.classList.toggle('editor__notice--merge', isMerge);
    clearTimeout(this.#newsTimer);
    this.#newsTimer = setTimeout(() => {
      this.#news = undefined;
      this.#show();
    }, NEWS_MS);
    if (isMerge) announce(`${this.#name}: ${text}`);
  }

  #statusText() {
    const { client } = this;
    const count = client.drafts.size;
    if (client.id === undefined) return 'No ticket is open.';
    if (client.isGone) return 'This ticket is gone: with more than eight, the oldest go.';
    if (client.problem !== undefined) return client.problem;
    if (client.conflicts.size > 0) return `${plural(client.conflicts.size, 'conflict')}: choose a side`;
    if (client.state !== 'live')
      return count > 0 ? `${plural(count, 'change')} waiting for the connection` : 'No connection';
    if (count > 0) return 'Saving…';
    return client.offset === undefined ? 'Loading…' : `Saved, version ${client.offset}`;
  }
}

function inputFor(field) {
  switch (field) {
    case 'note':
      return el('textarea', { name: field, rows: 3, maxlength: 500 });
    case 'priority':
      return el('select', { name: field }, ...PRIORITIES.map((priority) => el('option', {}, priority)));
    case 'assignee':
      return el('input', { name: field, maxlength: 40, placeholder: 'Nobody', autocomplete: 'off' });
    default:
      return el('input', { name: field, maxlength: 80, autocomplete: 'off' });
  }
}

/** A value that is none of ours can be shown too. */
function offer(select, value) {
  if (![...select.options].some((option) => option.value === value)) select.append(el('option', {}, value));
}

function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
