import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { RealtimeError, RESERVED_CHANNEL_PREFIXES } from '@nestwire/protocol';
import { PolicyRegistry } from '../channels/policy-registry.js';
import {
  REALTIME_BACKEND,
  REALTIME_OPTIONS,
  type Backend,
  type ResolvedOptions,
} from '../realtime.tokens.js';

/** Brings documents that are not in the backend there from the sink: once on this node, however many ask. */
@Injectable()
export class DocumentLoader {
  private readonly loading = new Map<string, Promise<void>>();

  constructor(
    @Inject(REALTIME_BACKEND) private readonly backend: Backend,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
    private readonly policies: PolicyRegistry,
  ) {}

  /** Resolved when the document is in the backend, or there is none. @throws RealtimeError `unavailable`, temporary, where the sink fails. */
  load(id: string): Promise<void> {
    let loading = this.loading.get(id);
    if (loading === undefined) {
      loading = this.run(id).finally(() => this.loading.delete(id));
      this.loading.set(id, loading);
    }
    return loading;
  }

  /**
   * The commit holds only where nothing has happened since before the sink was asked: another node may have loaded the document, and a
   * removal that came in between, saved or not, must stand.
   */
  private async run(id: string): Promise<void> {
    const channel = RESERVED_CHANNEL_PREFIXES.state + id;
    const history = this.policies.historyOf(channel);
    const ifVersion = await this.backend.log.end(channel, history);
    const fields = await this.read(id);
    if (fields.length === 0) return;
    const set = new Map(fields.map(([name, value]) => [name, JSON.stringify(value)]));
    const request = { set, del: [], ifVersion, ifLoaded: false, isSaved: true, operationId: randomUUID() };
    await this.backend.documents.commit(id, request, history);
  }

  private async read(id: string): Promise<[string, unknown][]> {
    try {
      const saved = await this.options.stateSink?.load(id);
      return Object.entries(saved?.fields ?? {});
    } catch (cause) {
      throw new RealtimeError('unavailable', `${id} cannot be loaded now`, { temporary: true, cause });
    }
  }
}
