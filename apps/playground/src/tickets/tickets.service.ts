import {
  ConflictException,
  ForbiddenException,
  Injectable,
  NotFoundException,
  type OnModuleInit,
} from '@nestjs/common';
import { RealtimeBroadcaster, RealtimeState, type StateSnapshot } from '@nestwire/realtime';
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

  /** Of two who claim a ticket at once, one gets it. */
  async claim(id: string, name: string): Promise<void> {
    const { fields, fieldVersions } = await this.read(id);
    if (fields.assignee !== '') throw new ConflictException(`${fields.assignee} has ${id} already.`);
    const assignee = fieldVersions['assignee']!;
    await this.state.patch<Ticket>(documentOf(id), { assignee: name }, { ifFieldVersions: { assignee } });
  }

  async release(id: string, name: string): Promise<void> {
    const { fields, fieldVersions } = await this.read(id);
    if (fields.assignee !== name) throw new ForbiddenException(`${id} is not yours to release.`);
    const assignee = fieldVersions['assignee']!;
    await this.state.patch<Ticket>(documentOf(id), { assignee: '' }, { ifFieldVersions: { assignee } });
  }

  private async read(id: string): Promise<StateSnapshot<Ticket>> {
    const ticket = await this.state.get<Ticket>(documentOf(id));
    if (ticket === undefined || !this.isOpen(id)) throw new NotFoundException(`There is no ticket ${id}.`);
    return ticket;
  }

  private async removeOldest(): Promise<void> {
    if (this.open.size <= MAX_TICKETS) return;
    const [id] = this.open;
    this.open.delete(id!);
    const ticket = await this.state.get(documentOf(id!));
    await this.state.patch(documentOf(id!), {}, { remove: Object.keys(ticket?.fields ?? {}) });
    await this.realtime.publish(BOARD_CHANNEL, 'ticket.removed', { id });
  }
}
