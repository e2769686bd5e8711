import {
  Get,
  HttpStatus,
  Inject,
  type OnModuleInit,
  Param,
  Patch,
  Req,
  Res,
  UseFilters,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type Fields, RealtimeError } from '@nestwire/protocol';
import { ClientAddresses } from '../limits/client-addresses.js';
import { assertPlainJson } from '../limits/json-guard.js';
import { type MessageKind, MessageLimits } from '../limits/message-limits.js';
import { REALTIME_OPTIONS, type ResolvedOptions } from '../realtime.tokens.js';
import type { Identity } from '../sessions/identity.js';
import { IdentityService } from '../sessions/identity.service.js';
import { type AnyRequest, type AnyResponse, rawRequest } from '../sessions/raw-http.js';
import { Origins } from '../transports/http/origins.js';
import { passBodies, readJsonBody } from '../transports/http/json-body.js';
import { RouteExceptionFilter } from '../transports/http/route-exception.filter.js';
import { withStatus } from '../transports/http/with-status.js';
import type { DocumentEdit } from './commit-edit.js';
import { GuardedState } from './guarded-state.js';
import { hasVersion, readPrecondition, tagOf } from './http-preconditions.js';
import { jsonPatchEdit } from './json-patch.js';
import { mergePatchEdit } from './merge-patch.js';
import type { PatchResult } from './commit-request.js';

/** Plain `application/json` is not among them: it does not say what `null`, or an array, is to mean. */
const EDITS: ReadonlyMap<string, (patch: unknown, limits: ResolvedOptions['limits']) => DocumentEdit> =
  new Map([
    ['application/merge-patch+json', mergePatchEdit],
    ['application/json-patch+json', jsonPatchEdit],
  ]);

/**
 * `GET` and `PATCH /realtime/state/:id`: the body of a document is its fields, its `ETag` the version.
 * The module mounts a subclass under its base path.
 */
@UseFilters(RouteExceptionFilter)
export class StateController implements OnModuleInit {
  constructor(
    private readonly state: GuardedState,
    private readonly identities: IdentityService,
    private readonly origins: Origins,
    private readonly addresses: ClientAddresses,
    private readonly messages: MessageLimits,
    private readonly host: HttpAdapterHost,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  onModuleInit(): void {
    const path = `${Reflect.getMetadata('path', this.constructor) as string}/:id`;
    passBodies(this.host.httpAdapter, [...EDITS.keys()], (route) => route.endsWith(path));
  }

  @Get(':id')
  async read(
    @Param('id') id: string,
    @Req() request: AnyRequest,
    @Res({ passthrough: true }) response: AnyResponse,
  ): Promise<Fields | undefined> {
    const identity = await this.identify(request, response, 'commands');
    const document = await this.state.get(identity, id);
    if (document === undefined) throw new RealtimeError('not_found', `there is no document ${id}`);
    this.describe(response, document.version);
    if (!hasVersion(rawRequest(request).headers, document.version)) return document.fields;
    this.host.httpAdapter.status(response, HttpStatus.NOT_MODIFIED);
    return undefined;
  }

  @Patch(':id')
  async change(
    @Param('id') id: string,
    @Req() request: AnyRequest,
    @Res({ passthrough: true }) response: AnyResponse,
  ): Promise<PatchResult> {
    const raw = rawRequest(request);
    this.origins.assertAllowed(raw);
    const identity = await this.identify(request, response, 'publishes');
    const precondition = readPrecondition(raw.headers);
    const edit = await this.readEdit(request, response);
    const result = await this.state.edit(identity, id, edit, precondition);
    this.describe(response, result.version);
    return result;
  }

  private async identify(request: AnyRequest, response: AnyResponse, kind: MessageKind): Promise<Identity> {
    const raw = rawRequest(request);
    this.addresses.note(request);
    const identity = await this.identities.resolve({ request: raw, transport: 'http', response });
    await this.messages.spend(kind, { identity, request: raw, connection: undefined });
    return identity;
  }

  private async readEdit(request: AnyRequest, response: AnyResponse): Promise<DocumentEdit> {
    const [type = ''] = (rawRequest(request).headers['content-type'] ?? '').split(';');
    const toEdit = EDITS.get(type.trim().toLowerCase());
    if (toEdit === undefined) throw this.unsupported(response);
    const { limits } = this.options;
    const patch = await readJsonBody(request, limits);
    assertPlainJson(patch, limits);
    return toEdit(patch, limits);
  }

  private unsupported(response: AnyResponse): Error {
    const types = [...EDITS.keys()].join(', ');
    this.host.httpAdapter.setHeader(response, 'Accept-Patch', types);
    return withStatus(
      HttpStatus.UNSUPPORTED_MEDIA_TYPE,
      new RealtimeError('bad_request', `a patch is ${types}`),
    );
  }

  private describe(response: AnyResponse, version: string): void {
    const { httpAdapter } = this.host;
    httpAdapter.setHeader(response, 'ETag', tagOf(version));
    httpAdapter.setHeader(response, 'Cache-Control', 'private, no-cache');
  }
}
