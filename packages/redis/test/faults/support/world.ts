import { type NodeProcess, startNodeProcess } from '@nestwire/harness';
import type { NodeSettings } from './node-settings.js';

const APP = new URL('./node.app.ts', import.meta.url);

/** Longer than any test: what is lost was not merely let go. */
const HISTORY = { size: 20_000, ttlMs: 600_000 };

export type WorldOptions = Pick<NodeSettings, 'redis'> & Partial<NodeSettings> & { readonly nodes?: number };

/** Nodes of one application, each a process of its own. */
export class World implements AsyncDisposable {
  /** Those that were not killed. */
  readonly nodes: NodeProcess[] = [];
  /** How clients come to a node. */
  doorOf: (node: NodeProcess) => string = ({ ready }) => ready;
  private readonly started: NodeProcess[] = [];
  private avoided: NodeProcess | undefined;

  private constructor(private readonly settings: NodeSettings) {}

  static async start({ nodes = 3, ...settings }: WorldOptions): Promise<World> {
    const world = new World({ history: HISTORY, ...settings });
    try {
      await Promise.all(Array.from({ length: nodes }, () => world.add()));
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where publishers may go now. */
  get urls(): readonly string[] {
    return this.reachable.map(({ ready }) => ready);
  }

  /** Where clients may go now. */
  get doors(): readonly string[] {
    return this.reachable.map((node) => this.doorOf(node));
  }

  /** Its settings may differ from the others'. */
  async add(settings: Partial<NodeSettings> = {}): Promise<NodeProcess> {
    const node = await startNodeProcess(APP, { args: [JSON.stringify({ ...this.settings, ...settings })] });
    this.started.push(node);
    this.nodes.push(node);
    return node;
  }

  /** Nobody is sent to it any more from the moment that it is killed. */
  async kill(node: NodeProcess): Promise<void> {
    this.nodes.splice(this.nodes.indexOf(node), 1);
    await node.kill('SIGKILL');
  }

  /** As a load balancer does with a node that does not answer. */
  async avoid<T>(node: NodeProcess, work: () => Promise<T>): Promise<T> {
    this.avoided = node;
    try {
      return await work();
    } finally {
      this.avoided = undefined;
    }
  }

  /** Nodes that have ended by themselves, with their last words. */
  get casualties(): string[] {
    const dead = this.nodes.filter(({ end }) => end !== undefined);
    return dead.map(({ end, output }) => `a node ended with ${String(end)}:\n${output.slice(-4_000)}`);
  }

  private get reachable(): readonly NodeProcess[] {
    return this.nodes.filter((node) => node !== this.avoided);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.started.map((node) => node[Symbol.asyncDispose]()));
  }
}
