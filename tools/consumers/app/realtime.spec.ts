import { Test } from '@nestjs/testing';
import { jwtAuthenticator, RealtimeBroadcaster, RealtimeModule } from '@nestwire/realtime';

// A test as a user would write it. Jest runs it in the CommonJS consumer, with the configuration of docs/guides/testing.md.
describe('an application with Nestwire', () => {
  it('publishes', async () => {
    const authenticate = jwtAuthenticator({ secret: 'a secret of 32 characters, or more' });
    const imports = [RealtimeModule.forRoot({ authenticate })];
    const testing = await Test.createTestingModule({ imports }).compile();
    const app = await testing.createNestApplication({ logger: false }).init();
    const published = await app.get(RealtimeBroadcaster).publish('orders:eu', 'order.updated', { id: '1' });
    expect(published.offset).toBe(1);
    await app.close();
  });
});
