import { Counter, Gauge, type Metric } from 'prom-client';
import type { Connections } from '../channels/connections.js';
import type { Hub } from '../channels/hub.js';
import type { BackendWatch } from './backend-watch.js';
import type { Counters, Transport } from './counters.js';

/** What the metrics tell of. */
export interface Observed {
  readonly counters: Counters;
  readonly connections: Connections;
  readonly hub: Hub;
  readonly backend: BackendWatch;
}

/** A value for each value of the metric's label, or the one value of a metric without labels. */
type Values = Readonly<Record<string, number>> | number;

interface Definition {
  readonly name: string;
  readonly help: string;
  readonly label?: string;
  readonly read: (observed: Observed) => Values;
}

const GAUGES: readonly Definition[] = [
  {
    name: 'nestwire_connections',
    help: 'Open connections.',
    label: 'transport',
    read: ({ connections }) => connectionsByTransport(connections),
  },
  {
    name: 'nestwire_subscriptions',
    help: 'Channels of all connections, those that they follow by themselves included.',
    read: ({ connections }) => sum(connections, ({ channels }) => channels.length),
  },
  {
    name: 'nestwire_channels',
    help: 'Different channels that somebody on this node listens to.',
    read: ({ hub }) => hub.size,
  },
  {
    name: 'nestwire_queued_bytes',
    help: 'Bytes that wait in this process for clients to read them.',
    read: ({ connections }) => sum(connections, ({ outlet }) => outlet.queuedBytes()),
  },
  {
    name: 'nestwire_tail_bytes',
    help: 'Bytes of the channel tails that this node keeps to replay from.',
    read: ({ hub }) => hub.tailBytes,
  },
  {
    name: 'nestwire_backend_available',
    help: '1 while the backend can be reached, 0 while it cannot.',
    read: ({ backend }) => Number(backend.isAvailable),
  },
];

const COUNTERS: readonly Definition[] = [
  {
    name: 'nestwire_connections_opened_total',
    help: 'Connections that were let in.',
    label: 'transport',
    read: ({ counters }) => counters.opened,
  },
  {
    name: 'nestwire_publishes_total',
    help: 'Events that this node has published, by what became of them.',
    label: 'outcome',
    read: ({ counters }) => counters.publishes,
  },
  {
    name: 'nestwire_commits_total',
    help: 'Changes of documents that this node has committed, by what became of them.',
    label: 'outcome',
    read: ({ counters }) => counters.commits,
  },
  {
    name: 'nestwire_deliveries_total',
    help: 'Events handed to connections: one event to a thousand listeners counts a thousand.',
    label: 'transport',
    read: ({ counters }) => counters.deliveries,
  },
  {
    name: 'nestwire_replays_total',
    help: 'Channels that clients came back to, by what answered: the tail on this node, the log in the backend, or a refusal.',
    label: 'source',
    read: ({ counters }) => counters.replays,
  },
  {
    name: 'nestwire_gaps_healed_total',
    help: 'Holes that this node has found and filled from the log, so that no client has seen them.',
    read: ({ counters }) => counters.gapsHealed,
  },
  {
    name: 'nestwire_gaps_told_total',
    help: 'Running subscriptions that were told of events which cannot be had any more.',
    label: 'reason',
    read: ({ counters }) => counters.gapsTold,
  },
  {
    name: 'nestwire_connections_closed_total',
    help: 'Connections that this node has ended, by the code that says why.',
    label: 'code',
    read: ({ counters }) => counters.closes,
  },
  {
    name: 'nestwire_slow_consumers_closed_total',
    help: 'Connections that were cut because their client did not read fast enough.',
    label: 'code',
    read: ({ counters }) => counters.slowConsumersClosed,
  },
  {
    name: 'nestwire_refusals_total',
    help: 'Handshakes, streams, subscriptions and requests that were refused, by the code of the error; commands have their own.',
    label: 'code',
    read: ({ counters }) => counters.refusals,
  },
  {
    name: 'nestwire_session_mismatches_total',
    help: 'Sessions that were used by somebody else than whom they are bound to, by what was done.',
    label: 'action',
    read: ({ counters }) => counters.sessionMismatches,
  },
  {
    name: 'nestwire_resumptions_total',
    help: 'Resume tokens that clients came back with: resumed, refused, or used up before, which revokes the session.',
    label: 'outcome',
    read: ({ counters }) => counters.resumptions,
  },
  {
    name: 'nestwire_commands_total',
    help: 'Commands of clients, by what they were answered: ok, or the code of the error.',
    label: 'outcome',
    read: ({ counters }) => counters.commands,
  },
  {
    name: 'nestwire_limited_total',
    help: 'Connections, messages and requests that were refused, by the limit that they were over.',
    label: 'limit',
    read: ({ counters }) => counters.limited,
  },
  {
    name: 'nestwire_penalties_total',
    help: 'Clients that were sent away for a while: they went on over a limit, or failed again and again.',
    label: 'reason',
    read: ({ counters }) => counters.penalties,
  },
  {
    name: 'nestwire_cross_site_refused_total',
    help: 'Requests and handshakes of pages of other sites that were refused.',
    read: ({ counters }) => counters.crossSiteRefused,
  },
];

/** All metrics by their names, read when they are asked for, and in no registry yet. */
export function describeMetrics(observed: Observed): Map<string, Metric> {
  const metrics = new Map<string, Metric>();
  for (const definition of GAUGES) metrics.set(definition.name, gauge(definition, observed));
  for (const definition of COUNTERS) metrics.set(definition.name, counter(definition, observed));
  return metrics.set('nestwire_publish_delivery_seconds', observed.counters.deliverySeconds);
}

function gauge({ name, help, label, read }: Definition, observed: Observed): Gauge {
  return new Gauge({
    name,
    help,
    labelNames: label === undefined ? [] : [label],
    registers: [],
    collect() {
      each(label, read(observed), (labels, value) => this.set(labels, value));
    },
  });
}

function counter({ name, help, label, read }: Definition, observed: Observed): Counter {
  return new Counter({
    name,
    help,
    labelNames: label === undefined ? [] : [label],
    registers: [],
    collect() {
      this.reset();
      each(label, read(observed), (labels, value) => this.inc(labels, value));
    },
  });
}

function each(
  label: string | undefined,
  values: Values,
  tell: (labels: Record<string, string>, value: number) => void,
): void {
  if (typeof values === 'number') return tell({}, values);
  for (const [name, value] of Object.entries(values)) tell({ [label!]: name }, value);
}

function connectionsByTransport(connections: Connections): Record<Transport, number> {
  const open = { 'socket.io': 0, sse: 0 };
  for (const { transport } of connections.all()) open[transport] += 1;
  return open;
}

function sum(
  connections: Connections,
  of: (connection: ReturnType<Connections['all']>[number]) => number,
): number {
  return connections.all().reduce((total, connection) => total + of(connection), 0);
}
