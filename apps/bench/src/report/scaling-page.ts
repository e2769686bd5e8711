import type { ScenarioResult } from '../scenarios/scenario.js';
import { type Costs, costsOf, MAX_BUSY, NODE_KIB, planFor, type Use } from './scaling-model.js';
import { table } from './table.js';

const CONNECTIONS = [1e5, 1e6, 1e7];
const USES: readonly (Use & { readonly title: string })[] = [
  { title: 'rooms of 100, one event a second each', room: 100, eventsPerSecond: 1 },
  { title: 'rooms of 1,000, one event a second each', room: 1_000, eventsPerSecond: 1 },
  { title: 'rooms of 10, one event in ten seconds each', room: 10, eventsPerSecond: 0.1 },
];
const BROADCAST = { title: 'one channel for all, ten events a second', eventsPerSecond: 10 };

/** The page on scaling, of what was measured; undefined where it was not. */
export function scalingPage(result: ScenarioResult): string | undefined {
  const costs = costsOf(result);
  if (costs === undefined) return undefined;
  return [INTRODUCTION, costTable(costs), MODEL, planTable(costs), LIMITS, ''].join('\n\n');
}

const INTRODUCTION = `# Scaling

How many nodes and Redis shards a number of connections needs, reckoned from what
[the simulation](README.md#scaling-out) has measured. It is written anew by \`npm run bench -- --only scaling\`.

## What things cost

Lines through the medians: what is there for any event, and what each further listener adds.`;

const MODEL = `## The model

- An event is stored and published once, on the shard that has its channel, which then hands it to each node that has a listener:
  \`Redis = events × (fixed + nodes that listen × per node)\`.
- Each of those nodes parses and encodes it once, and writes it to its own listeners:
  \`node = events × (fixed + local listeners × per delivery)\`. Events that share a tick share the write, so this is the most that it costs.
- A connection costs memory on its node, and a position check per channel and node every 20 s, whoever else listens.
- No process is to be busier than ${MAX_BUSY * 100} % of a core, and a node is given ${NODE_KIB / 1024 / 1024} GiB for its connections. Listeners are spread
  evenly, which is the worst case: every event then goes to as many nodes as it has listeners, until there are no more nodes.`;

const LIMITS = `## What breaks first

- **One channel for all.** A channel lives on one shard, and that shard sends each event to every node: its load is
  events × nodes. More shards do not help. Fewer, larger nodes do, and so does joining: events of one tick are one message. Where the busiest shard
  comes out above ${MAX_BUSY}, the plan does not hold: such a channel has to be split by region or by hash, each part with some of the nodes.
- **Middling rooms** that are spread over all nodes cost each event a message per listener. Where the load balancer can send the members of a room
  to the same few nodes, Redis and the nodes do less by that factor.
- **Shards** beyond some tens: each node holds connections to every master, and Redis Cluster's own gossip grows with its members. Some 1,000 nodes with
  100 masters are 10⁵ sockets; several clusters, each with tenants of its own, are then the better shape.
- **Reconnects.** All connections of a node that died come back within the five seconds of \`retry:\`; the others must have room for that. See
  [the storm](README.md#a-storm-of-reconnects).

## Where to stop trusting it

It was measured with up to 32 nodes in one process, 500 listeners and three masters, all on one machine with loopback for a network. The form of the
lines can be trusted over a factor of ten or so beyond that: to about 10⁵ connections. For 10⁶ it says what to try first, with a load test; for 10⁷ only
which term grows. Not in it: TLS, which often costs a node more than all else; the kernel's socket buffers (some KiB per connection); networks and
their latency; presence and commands; how unevenly real channels are used; failovers at that size.`;

function costTable(costs: Costs): string {
  const micro = (seconds: number): string => `${(seconds * 1e6).toFixed(1)} µs`;
  return table(
    ['', 'each'],
    [
      ['Redis, an event', micro(costs.redisPerEvent)],
      ['Redis, each node that listens to it', micro(costs.redisPerNode)],
      ['a node, an event that it listens to', micro(costs.nodePerEvent)],
      ['a node, each of its listeners', micro(costs.nodePerDelivery)],
      ['a node, memory of a connection', `${costs.kibPerConnection.toFixed(1)} KiB`],
    ],
  );
}

function planTable(costs: Costs): string {
  const rows = [...USES, BROADCAST].flatMap(({ title, ...use }) =>
    CONNECTIONS.map((connections) => {
      const plan = planFor(connections, { room: connections, ...use }, costs);
      return [
        title,
        connections.toLocaleString('en'),
        plan.nodes.toLocaleString('en'),
        plan.bound,
        plan.shards.toLocaleString('en'),
        plan.busiestShard > MAX_BUSY ? `**${plan.busiestShard.toFixed(2)}**` : plan.busiestShard.toFixed(4),
      ];
    }),
  );
  return table(['', 'connections', 'nodes', 'bound by', 'shards', 'busiest shard, of a core'], rows);
}
