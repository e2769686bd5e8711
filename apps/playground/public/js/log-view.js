import { announce, el, flash } from './dom.js';
import { describe, shortName, ticketOf } from './names.js';
import { Recovery } from './recovery.js';

const MAX_ROWS = 150;

/** What one transport brings, newest first: every event with its offset, every interruption with what was replayed after it. */
export class LogView {
  #list;
  #title;
  #shows;
  #heads = new Map();
  #cutAt;
  /** Between an interruption and the stream that ends it. */
  #isStarting = false;
  #recovery;
  #band;

  /** `shows` says which channels are shown. */
  constructor({ list, title, shows }) {
    this.#list = list;
    this.#title = title;
    this.#shows = shows;
  }

  follow(feed) {
    feed.addEventListener('state', ({ detail }) => {
      if (detail === 'live') this.#isStarting = false;
      else this.#interrupted(detail);
    });
    feed.addEventListener('start', ({ detail }) => this.#started(detail));
    feed.addEventListener('event', ({ detail }) => this.#received(detail));
    feed.addEventListener('gap', ({ detail }) => this.#lost(detail));
  }

  #interrupted(state) {
    if (this.#heads.size === 0 || this.#cutAt !== undefined) return;
    this.#cutAt = Date.now();
    this.#isStarting = true;
    this.#recovery = new Recovery([...this.#heads].filter(([channel]) => this.#shows(channel)));
    this.#band = undefined;
    const text = state === 'off' ? 'Connection cut' : 'Connection lost';
    this.#put(el('li', { class: 'band band--cut' }, el('span', {}, text)));
  }

  #started(start) {
    if (!this.#isStarting || !this.#shows(start.channel)) return;
    if (this.#cutAt !== undefined) {
      this.#list.querySelector('.band--cut span').textContent += ` for ${seconds(Date.now() - this.#cutAt)}`;
      this.#cutAt = undefined;
      this.#band = el('li', { class: 'band band--replay' });
      this.#put(this.#band);
    }
    this.#recovery.start(start);
    this.#tell();
  }

  #received(heard) {
    const { channel, offset, event, replayed } = heard;
    this.#heads.set(channel, offset);
    // A snapshot is no entry of the log, it stands for all of them.
    if (event === 'state.snapshot' || !this.#shows(channel)) return;
    const row = rowOf(heard);
    if (replayed && this.#band !== undefined) {
      this.#band.after(row);
      this.#recovery.add(heard);
      this.#tell();
    } else {
      this.#put(row);
    }
    flash(row, 'row--new');
    while (this.#list.childElementCount > MAX_ROWS) this.#list.lastElementChild.remove();
  }

  #tell() {
    const { recovered, isComplete } = this.#recovery;
    const text = String(this.#recovery);
    this.#band.classList.toggle('band--lost', !recovered);
    this.#band.replaceChildren(
      el('span', {}, text),
      el('code', { class: 'badge' }, `recovered: ${recovered}`),
    );
    if (isComplete) announce(`${this.#title}: ${text}.`);
  }

  #lost({ channel, reason }) {
    const text = `${shortName(channel)}: a gap, the log no longer has what came next (${reason})`;
    this.#put(el('li', { class: 'band band--replay band--lost' }, el('span', {}, text)));
  }

  #put(element) {
    this.#list.prepend(element);
  }
}

function rowOf({ channel, offset, time, event, data, replayed }) {
  const kind = ticketOf(channel) === undefined ? shortName(channel) : 'ticket';
  return el(
    'li',
    {
      class: replayed ? 'row row--replayed' : 'row',
      'data-channel': channel,
      'data-offset': offset,
      'data-kind': kind,
    },
    el('span', { class: 'row__offset' }, `#${offset}`),
    el('span', { class: 'row__channel' }, shortName(channel)),
    el('span', { class: 'row__event' }, event),
    el('span', { class: 'row__data', title: describe(event, data) }, describe(event, data)),
    el('span', { class: 'row__mark' }, replayed ? 'replayed' : ''),
    el('time', { class: 'row__time' }, clock(time)),
  );
}

function clock(time) {
  return new Date(time).toLocaleTimeString('en-GB');
}

function seconds(ms) {
  return `${(ms / 1_000).toFixed(1)} s`;
}
