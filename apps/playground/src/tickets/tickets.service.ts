import {
  ConflictException,
  ForbiddenException,
  Injectable,
  NotFoundException,
  type OnModuleInit,
} from '@nestjs/common';
import { RealtimeBroadcaster, RealtimeState, type Recipe } from '@nestwire/realtime';
import { BOARD_CHANNEL } from './board.channel.js';
import type { OpenTicketDto } from './ticket.dto.js';
import { documentOf, type Ticket, type TicketWithId } from './ticket.js';

/** With more than so many, the oldest go. */
const MAX_TICKETS = 8;

const FIRST_TICKETS: readonly OpenTicketDto[] = [
  { title: 'Invoice shows the wrong VAT', note: 'Seen for orders from Austria.', priority: 'normal' },
  { title: 'Search is slow on Mondays', note: 'The index is rebuilt at nine.', priority: 'high' },
  {
    title: 'Voucher is refused at checkout',
    note: 'Only on phones, since the last release.',
    priority: 'urgent',
  },
];

/** The open tickets. Each is a document; this knows which there are. */
@Injectable()
export class TicketsService implements OnModuleInit {
  /** Oldest first. */
  private readonly open = new Set<string>();
  private lastNumber = 0;

  constructor(
    private readonly state: RealtimeState,
    private readonly realtime: RealtimeBroadcaster,
  ) {}

  async onModuleInit(): Promise<void> {
    for (const ticket of FIRST_TICKETS) await this.add(ticket, 'Nestwire');
  }

  isOpen(id: string): boolean {
    return this.open.has(id);
  }

  /** Newest first. */
  async list(): Promise<TicketWithId[]> {
    const ids = [...this.open].reverse();
    const snapshots = await Promise.all(ids.map((id) => this.state.get<Ticket>(documentOf(id))));
    return ids.flatMap((id, index) =>
      snapshots[index] === undefined ? [] : { id, ...snapshots[index].fields },
    );
  }

  async add({ title, note = '', priority = 'normal' }: OpenTicketDto, by: string): Promise<TicketWithId> {
    const id = `T-${(this.lastNumber += 1)}`;
    const ticket: Ticket = { title, note, priority, assignee: '', openedBy: by };
    await this.state.patch(documentOf(id), ticket, { ifVersion: null });
    this.open.add(id);
    await this.removeOldest();
    return { id, ...ticket };
  }

  /** Of two who claim a ticket at once, one gets it: the recipe of the other is asked again, and refuses. */
  claim(id: string, name: string): Promise<void> {
    return this.change(id, (ticket) => {
      if (ticket.assignee !== '') throw new ConflictException(`${ticket.assignee} has ${id} already`);
      ticket.assignee = name;
    });
  }

  release(id: string, name: string): Promise<void> {
    return this.change(id, (ticket) => {
      if (ticket.assignee !== name) throw new ForbiddenException(`${id} is not yours to release`);
      ticket.assignee = '';
    });
  }

  private async change(id: string, recipe: Recipe<Ticket>): Promise<void> {
    if (!this.isOpen(id)) throw new NotFoundException(`There is no ticket ${id}`);
    await this.state.update(documentOf(id), recipe);
  }

  private async removeOldest(): Promise<void> {
    if (this.open.size <= MAX_TICKETS) return;
    const [id] = [...this.open] as [string];
    this.open.delete(id);
    await this.state.delete(documentOf(id));
    await this.realtime.publish(BOARD_CHANNEL, 'ticket.removed', { id });
  }
}
