// One node of the tests of documents, in a process of its own; its only argument is its settings.
import 'reflect-metadata';
import { Body, Controller, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type DocumentPolicy,
  type ExpiredDocument,
  RealtimeDocument,
  RealtimeModule,
  RealtimeState,
  type SavedDocument,
  type StateSink,
  VersionConflictError,
} from '@nestwire/realtime';
import { redisBackend } from '@nestwire/redis';
import type { DocumentNodeSettings, Race, Writes } from './document-node.js';

const { redisUrl, storeUrl } = JSON.parse(process.argv[2]!) as DocumentNodeSettings;
const AT_ONCE = 200;

async function tellStore(path: string, body: unknown): Promise<string> {
  const response = await fetch(`${storeUrl}/${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`the store has answered ${response.status}`);
  return response.text();
}

const sink: StateSink = {
  save: async (documents) => void (await tellStore('save', documents)),
  load: async (id) => (JSON.parse(await tellStore('load', { id })) as SavedDocument | null) ?? undefined,
};

@RealtimeDocument('saved:{id}', { sink: { intervalMs: 500 } })
class SavedDocuments {}

@RealtimeDocument('brief:{id}', { ttlMs: 1_000 })
class BriefDocuments implements DocumentPolicy {
  async onExpire({ id, fields }: ExpiredDocument): Promise<void> {
    await tellStore('expired', { id, fields });
  }
}

@Controller()
class DocumentController {
  constructor(private readonly state: RealtimeState) {}

  @Post('patch')
  patch(@Body() { id, changes }: { id: string; changes: Record<string, unknown> }) {
    return this.state.patch(id, changes);
  }

  /** So many patches, of fields that nobody else writes. */
  @Post('write')
  async write(@Body() { id, prefix, fields, times }: Writes): Promise<void> {
    for (let from = 0; from < times; from += AT_ONCE) {
      const numbers = Array.from({ length: Math.min(AT_ONCE, times - from) }, (_, i) => from + i);
      await Promise.all(numbers.map((n) => this.state.patch(id, { [`${prefix}${n % fields}`]: n })));
    }
  }

  /** So many commits at a version that was read; how many were refused meanwhile. */
  @Post('race')
  async race(@Body() { id, times }: Race): Promise<{ conflicts: number }> {
    let conflicts = 0;
    for (let done = 0; done < times;) {
      const read = await this.state.get<{ n: number }>(id);
      const change = { n: (read?.fields.n ?? 0) + 1 };
      try {
        await this.state.patch(id, change, { ifVersion: read?.version ?? null });
        done += 1;
      } catch (error) {
        if (!(error instanceof VersionConflictError)) throw error;
        conflicts += 1;
      }
    }
    return { conflicts };
  }
}

@Module({
  imports: [
    RealtimeModule.forRoot({ backend: redisBackend({ url: redisUrl }), stateSink: sink }),
    RealtimeModule.forFeature([SavedDocuments, BriefDocuments]),
  ],
  controllers: [DocumentController],
})
class NodeModule {}

const app = await NestFactory.create(NodeModule, { logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');
console.log(`ready ${await app.getUrl()}`);
