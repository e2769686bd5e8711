import { linearRegression } from 'simple-statistics';
import { BY_LISTENERS, BY_NODES, IDLE } from '../scenarios/scaling.js';
import type { ScenarioResult } from '../scenarios/scenario.js';
import { entrantsOf, spreadOf } from './medians.js';

/** What one event costs, in seconds of CPU, and one connection, in KiB. */
export interface Costs {
  /** On Redis, whoever listens. */
  readonly redisPerEvent: number;
  /** On Redis, for each node that listens. */
  readonly redisPerNode: number;
  /** On a node that listens. */
  readonly nodePerEvent: number;
  /** On a node, for each of its connections that listen; each event written by itself. */
  readonly nodePerDelivery: number;
  readonly kibPerConnection: number;
}

/** No process is planned to be busier than so much of a core. */
export const MAX_BUSY = 0.6;
/** Memory for connections that a node may have, in KiB. */
export const NODE_KIB = 1024 * 1024;

/** Lines through the medians; undefined where something was not measured. */
export function costsOf(result: ScenarioResult): Costs | undefined {
  const redis = line(result, BY_NODES, 'redisCpu');
  const node = line(result, BY_LISTENERS, 'nodeCpu');
  const [idle] = entrantsOf(result, IDLE);
  const memory = idle && spreadOf(result, { case: IDLE, entrant: idle, figure: 'residentKiB' });
  if (redis === undefined || node === undefined || !memory) return undefined;
  return {
    redisPerEvent: redis.b,
    redisPerNode: redis.m,
    nodePerEvent: node.b,
    nodePerDelivery: node.m,
    kibPerConnection: memory.median,
  };
}

function line(result: ScenarioResult, ofCase: string, figure: string): { m: number; b: number } | undefined {
  const points = entrantsOf(result, ofCase).flatMap((entrant) => {
    const spread = spreadOf(result, { case: ofCase, entrant, figure });
    return spread === undefined ? [] : [[Number(entrant), spread.median / 1e5]];
  });
  if (points.length < 2) return undefined;
  const { m, b } = linearRegression(points);
  // Noise can put a small cost below nothing.
  return { m: Math.max(0, m), b: Math.max(0, b) };
}

/** What connections listen to: rooms of so many each, of which each brings so many events a second. */
export interface Use {
  readonly room: number;
  readonly eventsPerSecond: number;
}

export interface Plan {
  readonly nodes: number;
  readonly shards: number;
  /** How busy the one shard is that has the busiest channel, of a core. */
  readonly busiestShard: number;
  readonly bound: 'memory' | 'node CPU';
}

/** Nodes and shards for so many connections, spread evenly. */
export function planFor(connections: number, { room, eventsPerSecond }: Use, costs: Costs): Plan {
  const byMemory = Math.ceil((connections * costs.kibPerConnection) / NODE_KIB);
  let nodes = Math.max(1, byMemory);
  while (nodeLoad(connections, nodes, { room, eventsPerSecond }, costs) > MAX_BUSY)
    nodes = Math.ceil(nodes * 1.05);
  const perEvent = costs.redisPerEvent + costs.redisPerNode * Math.min(room, nodes);
  const events = (connections / room) * eventsPerSecond;
  return {
    nodes,
    shards: Math.max(1, Math.ceil((events * perEvent) / MAX_BUSY)),
    busiestShard: eventsPerSecond * perEvent,
    bound: nodes > byMemory ? 'node CPU' : 'memory',
  };
}

function nodeLoad(connections: number, nodes: number, { room, eventsPerSecond }: Use, costs: Costs): number {
  const deliveries = (connections / nodes) * eventsPerSecond;
  // A room's listeners are spread over the nodes: on few of them, several share what an event costs the node.
  const sharing = Math.max(1, room / nodes);
  return deliveries * costs.nodePerDelivery + (deliveries / sharing) * costs.nodePerEvent;
}
