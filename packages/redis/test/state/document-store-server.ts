import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Fields, SavedDocument } from '@nestwire/realtime';

/** A database behind HTTP: what nodes save, and what they say has expired. */
export interface DocumentStoreServer extends AsyncDisposable {
  readonly url: string;
  /** What was saved last, by id. */
  readonly saved: ReadonlyMap<string, SavedDocument>;
  readonly expired: readonly { id: string; fields: Fields }[];
  /** So many of the next words of an expiry are answered with an error. */
  failures: number;
}

export async function startDocumentStore(): Promise<DocumentStoreServer> {
  const saved = new Map<string, SavedDocument>();
  const expired: { id: string; fields: Fields }[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const data = JSON.parse(body) as unknown;
      if (request.url === '/save') {
        for (const document of data as SavedDocument[])
          if ((saved.get(document.id)?.revision ?? 0) < document.revision) saved.set(document.id, document);
      } else if (request.url === '/expired') {
        if (store.failures > 0) {
          store.failures -= 1;
          return response.writeHead(500).end();
        }
        expired.push(data as { id: string; fields: Fields });
      }
      const { id } = data as { id: string };
      return response.end(JSON.stringify(saved.get(id) ?? null));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const store: DocumentStoreServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    saved,
    expired,
    failures: 0,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return store;
}
