import assert from 'node:assert/strict';
import { Controller, Post, Req, Res } from '@nestjs/common';
import type { ErrorCode } from '@nestwire/protocol';
import { SignJWT } from 'jose';
import {
  type AnyRequest,
  type AnyResponse,
  type BindingOptions,
  jwtAuthenticator,
  RealtimeMetrics,
  RealtimeSessions,
} from '../../src/index.js';
import { valuesOf } from '../observability/support.js';
import { SocketClient } from '../support/socket-client.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const KEY = new TextEncoder().encode('0123456789abcdef0123456789abcdef');

/** A token as the issuer of the scene signs it. */
export function signed(
  sub: string,
  claims: Record<string, unknown> = {},
  expires: string | number = '1h',
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(sub)
    .setExpirationTime(expires)
    .sign(KEY);
}

@Controller()
class LoginController {
  constructor(private readonly sessions: RealtimeSessions) {}

  @Post('login')
  async login(@Req() request: AnyRequest, @Res({ passthrough: true }) response: AnyResponse) {
    const { session } = await this.sessions.signIn(request, response, {
      userId: 'ann',
      roles: ['staff'],
      claims: {},
    });
    return { sid: session.sid };
  }
}

/** An application with two neighbours who want to be left in peace, one on each transport. */
export class Scene implements AsyncDisposable {
  private published = 0;

  private constructor(
    readonly app: RunningApp,
    private readonly socket: SocketClient,
    private readonly neighbour: SseClient,
  ) {}

  static async set(binding?: BindingOptions): Promise<Scene> {
    const authenticate = jwtAuthenticator({ secret: new TextDecoder().decode(KEY), clockToleranceMs: 0 });
    const sessions = { expiryGraceMs: 100, ...(binding && { binding }) };
    const app = await startApp({ controllers: [LoginController], options: { authenticate, sessions } });
    const socket = await SocketClient.connect(app.url, { auth: { token: await signed('neighbour') } });
    await socket.follow('open:street');
    return new Scene(app, socket, await SseClient.connect(app.url, 'open:street'));
  }

  get url(): string {
    return this.app.url;
  }

  /** Fails unless the attack is refused with the code, the metric counts it, and the neighbours notice nothing. */
  async attacked(code: ErrorCode, attack: () => Promise<unknown>): Promise<void> {
    const before = await this.refusals(code);
    const outcome = await attack();
    assert.equal(outcome, code);
    assert.ok((await this.refusals(code)) > before, 'it was not counted');
    await this.assertPeace();
  }

  /** The neighbours have the connections that they had, and receive what is said, and nothing else. */
  async assertPeace(): Promise<void> {
    this.published += 1;
    await this.app.realtime.publish('open:street', 'said', this.published);
    await this.socket.received('open:street', this.published);
    await this.neighbour.received('open:street', this.published);
    assert.deepEqual(this.socket.disconnects, []);
    assert.equal(this.neighbour.ended, false);
    assert.deepEqual(
      this.app.logs.filter((line) => line.startsWith('error')),
      [],
    );
  }

  async metric(name: string): Promise<Record<string, number>> {
    return valuesOf((await this.app.nest.get(RealtimeMetrics, { strict: false }).text()).body, name);
  }

  private async refusals(code: ErrorCode): Promise<number> {
    const [refused, replied] = [
      await this.metric('nestwire_refusals_total'),
      await this.metric('nestwire_commands_total'),
    ];
    return refused[`code="${code}"`]! + replied[`outcome="${code}"`]!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket[Symbol.dispose]();
    this.neighbour[Symbol.dispose]();
    await this.app.close();
  }
}

/** The code with which a handshake is refused. */
export async function handshake(
  url: string,
  auth: object,
  extraHeaders: Record<string, string> = {},
): Promise<string> {
  return (await SocketClient.refused(url, { auth, extraHeaders })).code;
}

/** The code with which a stream is refused. */
export async function stream(
  url: string,
  channels: string,
  headers: Record<string, string>,
  query: Record<string, string> = {},
): Promise<string> {
  using client = await SseClient.open(url, channels, { headers, query });
  return (await client.body()).error.code;
}

/** The code with which a `POST` is refused. */
export async function post(
  url: string,
  path: string,
  headers: Record<string, string>,
  body: unknown,
): Promise<string> {
  const sent = { 'content-type': 'application/json', ...headers };
  const response = await fetch(url + path, { method: 'POST', headers: sent, body: JSON.stringify(body) });
  return ((await response.json()) as { error: { code: string } }).error.code;
}
