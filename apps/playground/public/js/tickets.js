import { announce, byId, el, flash } from './dom.js';
import { BOARD, channelOf, textOf, ticketOf } from './names.js';

/** The board: which tickets there are comes from its channel, what they hold from their documents. */
export class TicketBoard {
  selected;
  #list;
  #feed;
  #me;
  #onSelect;
  #onFollow;
  /** By id, newest first in the list. */
  #tickets = new Map();
  #cards = new Map();

  /** `onFollow` is told the channels of all tickets, `onSelect` the id of the one that was chosen. */
  constructor({ list, feed, me, onSelect, onFollow }) {
    this.#list = list;
    this.#feed = feed;
    this.#me = me;
    this.#onSelect = onSelect;
    this.#onFollow = onFollow;
    feed.addEventListener('envelope', ({ detail }) => this.#received(detail));
    feed.addEventListener('start', ({ detail }) => {
      // Whatever happened meanwhile is not told any more.
      if (detail.channel === BOARD && detail.recovered === false) void this.load();
    });
  }

  async load() {
    const response = await fetch('/api/tickets');
    if (!response.ok) return;
    const tickets = await response.json();
    this.#tickets = new Map(tickets.reverse().map(({ id, ...fields }) => [id, fields]));
    this.#render();
    this.#followAll();
    if (!this.#tickets.has(this.selected)) this.#selectNewest();
  }

  async add(title) {
    const response = await fetch('/api/tickets', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ title }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error([answer.message].flat().join('; '));
    this.#added(answer.id, answer);
    return answer.id;
  }

  select(id) {
    if (id === undefined || id === this.selected) return;
    const previous = this.selected;
    this.selected = id;
    for (const shown of [previous, id]) if (this.#cards.has(shown)) this.#update(shown);
    this.#onSelect(id);
  }

  #selectNewest() {
    this.select([...this.#tickets.keys()].at(-1));
  }

  #received({ channel, event, data }) {
    if (channel === BOARD) return this.#heard(event, data);
    const id = ticketOf(channel);
    const ticket = this.#tickets.get(id);
    if (ticket === undefined) return;
    if (event === 'state.snapshot') Object.assign(ticket, data);
    else Object.assign(ticket, data.set);
    this.#update(id);
    if (event === 'state.patch') flash(this.#cards.get(id));
  }

  #heard(event, { id, title, by }) {
    if (event === 'ticket.opened') this.#added(id, { title, openedBy: by });
    if (event === 'ticket.removed') this.#removed(id);
  }

  #added(id, fields) {
    if (this.#tickets.has(id)) return;
    this.#tickets.set(id, { ...fields });
    this.#render();
    flash(this.#cards.get(id));
    this.#followAll();
  }

  #removed(id) {
    if (!this.#tickets.delete(id)) return;
    this.#render();
    this.#followAll();
    if (id === this.selected) this.#selectNewest();
  }

  #followAll() {
    this.#onFollow([...this.#tickets.keys()].map(channelOf));
  }

  #render() {
    for (const id of this.#cards.keys()) if (!this.#tickets.has(id)) this.#cards.delete(id);
    for (const id of this.#tickets.keys()) if (!this.#cards.has(id)) this.#cards.set(id, this.#card(id));
    this.#list.replaceChildren(...[...this.#tickets.keys()].reverse().map((id) => this.#cards.get(id)));
    byId('no-tickets').hidden = this.#tickets.size > 0;
    for (const id of this.#tickets.keys()) this.#update(id);
  }

  #card(id) {
    return el(
      'li',
      { class: 'ticket', 'data-id': id },
      el(
        'button',
        { type: 'button', class: 'ticket__open', onclick: () => this.select(id) },
        el('span', { class: 'ticket__top' }, el('code', {}, id), el('span', { class: 'priority' })),
        el('span', { class: 'ticket__title' }),
        el('span', { class: 'ticket__by' }),
      ),
      el('button', {
        type: 'button',
        class: 'button button--small ticket__claim',
        onclick: () => void this.#claim(id),
      }),
    );
  }

  #update(id) {
    const { title, priority, assignee, openedBy } = this.#tickets.get(id);
    const card = this.#cards.get(id);
    const part = (name) => card.querySelector(name);
    const isMine = textOf(assignee) === this.#me;
    card.classList.toggle('ticket--selected', id === this.selected);
    part('.ticket__open').setAttribute('aria-pressed', String(id === this.selected));
    part('.ticket__title').textContent = textOf(title) || '(no title)';
    part('.priority').textContent = textOf(priority);
    part('.priority').dataset.priority = textOf(priority);
    part('.ticket__by').textContent = assignee
      ? `Claimed by ${isMine ? 'you' : textOf(assignee)}`
      : `Opened by ${textOf(openedBy)}`;
    const claim = part('.ticket__claim');
    claim.hidden = Boolean(assignee) && !isMine;
    claim.textContent = isMine ? 'Release' : 'Claim';
    claim.setAttribute('aria-label', `${claim.textContent} ${id}`);
  }

  async #claim(id) {
    const isMine = textOf(this.#tickets.get(id).assignee) === this.#me;
    try {
      await this.#feed.command(isMine ? 'ticket.release' : 'ticket.claim', { id });
      announce(isMine ? `You have released ${id}.` : `You have claimed ${id}.`);
    } catch (error) {
      say(error.message);
    }
  }
}

/** Says what did not work, where the tickets are made. */
export function say(text) {
  const element = byId('tickets-problem');
  element.textContent = text;
  element.hidden = text === '';
}
