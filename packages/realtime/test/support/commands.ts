import type { Reply } from '@nestwire/protocol';
import { bearer } from './known-tokens.js';

export interface HttpReply {
  status: number;
  body: Reply<never> & { error?: { code: string; details?: unknown } };
}

/** `POST /realtime/commands`, with any body. */
export async function postCommand(
  url: string,
  body: unknown,
  { token, headers = {} }: { token?: string; headers?: Record<string, string> } = {},
): Promise<HttpReply> {
  const response = await fetch(`${url}/realtime/commands`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : bearer(token)),
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as HttpReply['body'] };
}
