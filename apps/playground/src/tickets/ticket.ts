/** Document of a ticket: `ticket:T-1`. */
export interface Ticket {
  title: string;
  note: string;
  priority: Priority;
  /** Who has claimed it; empty for nobody. */
  assignee: string;
  /** Who opened it. Nobody changes that. */
  openedBy: string;
}

export const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** What visitors may edit. */
export const EDITABLE_FIELDS: readonly string[] = ['title', 'note', 'priority', 'assignee'];

export type TicketWithId = Ticket & { readonly id: string };

/** The document in which a ticket is kept. */
export function documentOf(id: string): string {
  return `ticket:${id}`;
}
