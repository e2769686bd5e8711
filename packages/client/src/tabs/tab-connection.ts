import type { ConnectionReason, ConnectionState } from '../connection/connection-state.js';
import type { Connection } from '../connection/connector.js';
import type { Store } from '../observable.js';
import type { Link } from '../transports/link.js';
import { Membership } from './membership.js';
import type { SentState } from './messages.js';
import type { TabOptions } from './tab-options.js';

/**
 * A connection that the tabs of a group share. One of them leads: it holds the group's lock, and the connection to the server. Each tab
 * keeps its own positions. When the leader goes, the next that waits for the lock leads, and each tab goes on where it was itself.
 */
export class TabConnection implements Connection {
  readonly state: Store<ConnectionState>;
  link: Link | undefined;
  private membership: Membership | undefined;
  /** This tab was connected before, whoever leads now. */
  private comesBack = false;

  constructor(private readonly options: TabOptions) {
    this.state = options.state;
  }

  connect(): void {
    if (this.membership !== undefined) return this.membership.post({ type: 'connect' });
    this.membership = new Membership(this.options, {
      onState: (state) => this.become(state),
      onLink: (link, token) => {
        this.link = link;
        this.options.traffic.onLink(link, token);
      },
      onLost: (reason) => this.lost(reason),
    });
    this.state.set({ status: 'connecting', reason: 'requested', attempt: 0, degraded: false });
  }

  disconnect(): void {
    this.membership?.end();
    this.membership = undefined;
    this.lost('disconnected');
    // Unless a listener has connected again.
    if (this.membership === undefined)
      this.state.set({ status: 'disconnected', reason: 'disconnected', attempt: 0, degraded: false });
  }

  abandon(reason: ConnectionReason): void {
    this.membership?.abandon(reason);
  }

  follow(): void {
    this.link?.follow();
  }

  private become({ error, ...state }: SentState): void {
    const reason = state.reason === 'opened' && this.comesBack ? 'resumed' : state.reason;
    const own = { ...state, reason };
    this.state.set(error === undefined ? own : { ...own, error: this.options.toError(error) });
  }

  private lost(reason: ConnectionReason): void {
    if (this.link === undefined) return;
    this.comesBack = true;
    this.link = undefined;
    this.options.traffic.onLost(reason);
    const { attempt } = this.state.value;
    if (this.state.value.status === 'connected')
      this.state.set({ status: 'connecting', reason, attempt, degraded: false });
  }
}
