import type { Store } from '../observable.js';
import type { Link } from '../transports/link.js';
import type { ConnectionReason, ConnectionState } from './connection-state.js';
import { type Connection, idleState } from './connector.js';

/** A connection that is loaded when it is first asked for, and takes this one's state for its own; where it cannot be, another. */
export class LaterConnection implements Connection {
  readonly state = idleState();
  private connection: Connection | undefined;
  private isWanted: boolean | undefined;

  constructor(
    private readonly load: (state: Store<ConnectionState>) => Promise<Connection>,
    private readonly otherwise: (state: Store<ConnectionState>) => Connection,
  ) {}

  get link(): Link | undefined {
    return this.connection?.link;
  }

  connect(): void {
    if (this.connection !== undefined) return this.connection.connect();
    const isFirst = this.isWanted === undefined;
    this.isWanted = true;
    this.state.set({ ...this.state.value, status: 'connecting', reason: 'requested' });
    if (isFirst) void this.begin();
  }

  disconnect(): void {
    this.isWanted = false;
    if (this.connection !== undefined) return this.connection.disconnect();
    this.state.set({ ...this.state.value, status: 'disconnected', reason: 'disconnected' });
  }

  abandon(reason: ConnectionReason): void {
    this.connection?.abandon(reason);
  }

  follow(): void {
    this.connection?.follow();
  }

  private async begin(): Promise<void> {
    const { state } = this;
    this.connection = await this.load(state).catch(() => this.otherwise(state));
    if (this.isWanted === true) this.connection.connect();
  }
}
