import { HttpStatus } from '@nestjs/common';
import { RealtimeError } from '@nestwire/protocol';

/** The document takes no write that does not say which version it is based on; 428 over HTTP. */
export class PreconditionRequiredError extends RealtimeError {
  override readonly name = 'PreconditionRequiredError';

  constructor() {
    super('bad_request', 'a write to this document says which version it is based on', {
      details: { required: 'version' },
    });
  }

  override get statusCode(): number {
    return HttpStatus.PRECONDITION_REQUIRED;
  }
}
