export const MACHINE = 'machine:local';
export const BOARD = 'board:main';

const DOCUMENT = '$state:ticket:';

/** The channel of a ticket's document. */
export const channelOf = (id) => DOCUMENT + id;

/** The ticket whose document's channel it is; undefined for any other channel. */
export const ticketOf = (channel) =>
  channel.startsWith(DOCUMENT) ? channel.slice(DOCUMENT.length) : undefined;

/** A channel's name where there is little room. */
export const shortName = (channel) => ticketOf(channel) ?? channel.slice(0, channel.indexOf(':'));

/** A value of a document as text: what others write there may be anything. */
export function textOf(value) {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

/** An event in a few words. */
export function describe(event, data) {
  switch (event) {
    case 'machine.sample':
      return `cpu ${data.cpu.toFixed(1)} %, memory ${data.memory.toFixed(1)} %`;
    case 'ticket.opened':
      return `${data.id} “${data.title}” by ${data.by}`;
    case 'ticket.claimed':
    case 'ticket.released':
      return `${data.id} by ${data.by}`;
    case 'state.patch':
      return describePatch(data);
    default:
      return textOf(data?.id ?? data);
  }
}

function describePatch({ set = {}, del = [] }) {
  const changes = Object.entries(set).map(([field, value]) => `${field} → ${textOf(value) || '(empty)'}`);
  return [...changes, ...del.map((field) => `${field} removed`)].join(', ');
}
