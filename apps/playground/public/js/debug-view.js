import { el } from './dom.js';

const MAX_ROWS = 100;
const MAX_TEXT = 160;

/** The client's debug log, newest first. */
export class DebugView {
  #list;

  constructor(list) {
    this.#list = list;
  }

  add({ time, area, message, data }) {
    const text = data === undefined ? message : `${message} ${brief(data)}`;
    this.#list.prepend(
      el(
        'li',
        { class: 'debug__row', 'data-area': area },
        el('time', {}, new Date(time).toLocaleTimeString('en-GB')),
        el('span', { class: 'debug__area' }, area),
        el('span', { class: 'debug__text', title: text }, text),
      ),
    );
    while (this.#list.childElementCount > MAX_ROWS) this.#list.lastElementChild.remove();
  }
}

function brief(data) {
  const text = data instanceof Error ? data.message : JSON.stringify(data);
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
