import { announce, byId, el, flash } from './dom.js';
import { BOARD, textOf } from './names.js';

/** The board: which tickets there are comes from its channel, what they hold from their documents. */
export class TicketBoard {
  selected;
  #list;
  #client;
  #me;
  #onSelect;
  /** By id, oldest first: {leave, fields, version}; without `version` until the document has come. */
  #tickets = new Map();
  #cards = new Map();
  #leave;

  /** `onSelect` is told the id of the ticket that was chosen. */
  constructor({ list, me, onSelect }) {
    this.#list = list;
    this.#me = me;
    this.#onSelect = onSelect;
  }

  /** Goes over to this client. */
  use(client) {
    this.#leave?.();
    this.#client = client;
    const channel = client.channel(BOARD);
    const ends = [
      channel.on('ticket.opened', ({ id, title, by }) => this.#added(id, { title, openedBy: by })),
      channel.on('ticket.removed', ({ id }) => this.#removed(id)),
      // Whatever happened meanwhile is not told any more.
      channel.on('gap', () => void this.load()),
      // Nor is what came between the list and the first that is heard.
      channel.state.subscribe(({ status }) => {
        if (status === 'subscribed') void this.load();
      }),
    ];
    this.#leave = () => ends.forEach((end) => end());
    for (const [id, ticket] of this.#tickets) this.#follow(id, ticket);
  }

  /** What is opened or removed while the list is on its way is known better than the list knows it. */
  async load() {
    const before = new Set(this.#tickets.keys());
    const response = await fetch('/api/tickets');
    if (!response.ok) return;
    const listed = new Map((await response.json()).map(({ id, ...fields }) => [id, fields]));
    for (const id of before) if (this.#tickets.has(id) && !listed.has(id)) this.#forget(id);
    for (const [id, fields] of listed) if (!before.has(id) && !this.#tickets.has(id)) this.#keep(id, fields);
    this.#tickets = new Map([...this.#tickets].sort(([a], [b]) => numberOf(a) - numberOf(b)));
    this.#render();
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

  /** A ticket that is nobody's, or one's own: the selected one where it can be. */
  get claimable() {
    const isFree = (id) => ['', this.#me].includes(textOf(this.#tickets.get(id)?.fields.assignee));
    return [this.selected, ...this.#tickets.keys()].find(isFree) ?? this.selected;
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

  #added(id, fields) {
    if (this.#tickets.has(id)) return;
    this.#keep(id, fields);
    this.#render();
    flash(this.#cards.get(id));
  }

  #removed(id) {
    if (!this.#tickets.has(id)) return;
    this.#forget(id);
    this.#render();
    if (id === this.selected) this.#selectNewest();
  }

  #keep(id, fields) {
    const ticket = { fields };
    this.#tickets.set(id, ticket);
    this.#follow(id, ticket);
  }

  #forget(id) {
    this.#tickets.get(id).leave?.();
    this.#tickets.delete(id);
  }

  #follow(id, ticket) {
    ticket.leave?.();
    const document = this.#client.state(`ticket:${id}`);
    ticket.leave = document.subscribe(({ value, version }) => {
      if (version === undefined) return;
      const hasCome = ticket.version !== undefined && ticket.version !== version;
      Object.assign(ticket, { fields: value, version });
      this.#update(id);
      if (hasCome) flash(this.#cards.get(id));
    });
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
        onclick: () => void this.toggleClaim(id),
      }),
    );
  }

  #update(id) {
    const { title, priority, assignee, openedBy } = this.#tickets.get(id).fields;
    const card = this.#cards.get(id);
    if (card === undefined) return;
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

  /** Claims the ticket, or releases it. A command: without a connection it waits in the client's queue, and runs once whatever becomes of its answer. */
  async toggleClaim(id) {
    const isMine = textOf(this.#tickets.get(id).fields.assignee) === this.#me;
    const client = this.#client;
    try {
      await client.command(isMine ? 'ticket.release' : 'ticket.claim', { id });
      announce(isMine ? `You have released ${id}.` : `You have claimed ${id}.`);
      say('');
    } catch (error) {
      // The answer of a client that was exchanged meanwhile is not awaited; the document has it.
      if (client === this.#client) say(error.message);
    }
  }
}

/** Of `T-7`: 7. */
function numberOf(id) {
  return Number(id.slice(2));
}

/** Says what did not work, where the tickets are made. */
export function say(text) {
  const element = byId('tickets-problem');
  element.textContent = text;
  element.hidden = text === '';
}
