import { type DocumentPolicy, type DocumentRequest, RealtimeDocument } from '@nestwire/realtime';

@RealtimeDocument('cart:{owner}')
export class CartDocument implements DocumentPolicy {
  canRead({ params, principal }: DocumentRequest): boolean {
    return params.owner === principal.userId;
  }

  canWrite(request: DocumentRequest): boolean {
    return this.canRead(request);
  }
}
