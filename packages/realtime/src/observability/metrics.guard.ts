import { type CanActivate, type ExecutionContext, Inject, Injectable, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { RealtimeError } from '@nestwire/protocol';
import { createHash, timingSafeEqual } from 'node:crypto';
import { isObservable, lastValueFrom } from 'rxjs';
import type { ResolvedOptions } from '../realtime.options.js';
import { REALTIME_OPTIONS } from '../realtime.tokens.js';
import { bearerToken } from '../sessions/bearer-token.js';
import { type AnyRequest, rawRequest } from '../sessions/raw-http.js';

/** Lets in whom `metrics.endpoint` says. Without that option there is no such route, as far as anybody can tell. */
@Injectable()
export class MetricsGuard implements CanActivate {
  constructor(
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
    private readonly modules: ModuleRef,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { endpoint } = this.options.metrics;
    if (endpoint === undefined) throw new RealtimeError('not_found', 'the metrics are not served');
    if (endpoint === 'everybody') return true;
    if ('guard' in endpoint) return this.ask(endpoint.guard, context);
    const token = bearerToken(rawRequest(context.switchToHttp().getRequest<AnyRequest>()));
    // Without a token in the options the application does not start.
    if (token !== undefined && isSame(token, endpoint.token!)) return true;
    throw new RealtimeError('unauthenticated', 'the token for the metrics is wanted');
  }

  private async ask(guard: CanActivate | Type<CanActivate>, context: ExecutionContext): Promise<boolean> {
    const instance = typeof guard === 'function' ? await this.find(guard) : guard;
    const answer = instance.canActivate(context);
    return isObservable(answer) ? lastValueFrom(answer) : answer;
  }

  /** A provider of any module of the application; else one that is made, with what this module can inject. */
  private async find(guard: Type<CanActivate>): Promise<CanActivate> {
    try {
      return this.modules.get(guard, { strict: false });
    } catch {
      return this.modules.create(guard);
    }
  }
}

/** In the same time however much of it agrees. */
function isSame(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(left!, right!);
}
