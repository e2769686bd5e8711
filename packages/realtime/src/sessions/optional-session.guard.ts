import { Injectable } from '@nestjs/common';
import { SessionGuard } from './session.guard.js';

/**
 * As {@link SessionGuard}, but lets pass who brings no proof as well: the principal is then anonymous, and the session null. A proof
 * that is not valid is refused all the same, and so is who lacks a role of `@Roles`.
 */
@Injectable()
export class OptionalSessionGuard extends SessionGuard {
  protected override requireSomebody(): void {}
}
