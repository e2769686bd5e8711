import {
  type CanActivate,
  Controller,
  Get,
  Injectable,
  Module,
  Param,
  Query,
  Scope,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { MessageBody } from '@nestjs/websockets';
import { Realtime } from '../../src/realtime.decorator.js';
import { type AppOptions, testApp } from './support.js';

async function startUp(parts: AppOptions): Promise<string> {
  try {
    const app = await testApp(parts);
    await app.nest.close();
    return 'started';
  } catch (error) {
    return (error as Error).message;
  }
}

@Injectable()
class Deny implements CanActivate {
  canActivate() {
    return false;
  }
}

@Injectable()
class Orders {
  @Realtime({ command: 'order.claim' })
  claim() {
    return 'claimed';
  }
}

@Injectable()
class GuardedOrders {
  @Realtime({ command: 'order.claim' })
  @UseGuards(Deny)
  claim() {}
}

describe('start-up is refused for', () => {
  it('two handlers of one command, both named', async () => {
    @Controller('other')
    class Other {
      @Realtime({ command: 'order.claim' })
      take() {}
    }
    expect(await startUp({ controllers: [Other], providers: [Orders] })).toBe(
      'Nestwire: the command "order.claim" is handled by both Other.take (RootTestModule) and Orders.claim (RootTestModule); it can have one handler',
    );
  });

  it('a class with a command that two modules provide', async () => {
    @Module({})
    class Feature {}
    const imports = [{ module: Feature, providers: [Orders] }];
    expect(await startUp({ imports, providers: [Orders] })).toContain(
      'both Orders.claim (RootTestModule) and Orders.claim (Feature)',
    );
  });

  it('parameters that only a route has', async () => {
    @Controller('orders')
    class Routes {
      @Get(':id')
      @Realtime({ command: 'order.show' })
      show(@MessageBody() _data: unknown, @Param('id') _id: string) {}
    }
    expect(await startUp({ controllers: [Routes] })).toContain(
      'parameter 2 of Routes.show is nothing that a command has',
    );
    @Injectable()
    class Queries {
      @Realtime({ command: 'order.list' })
      list(@Query() _query: unknown) {}
    }
    expect(await startUp({ providers: [Queries] })).toContain('parameter 1 of Queries.list');
  });

  it('an @EventPattern whose result is published without a key', async () => {
    @Controller()
    class Events {
      @EventPattern('order.placed')
      @Realtime({ channel: 'orders', event: 'order.placed' })
      placed(@Payload() order: unknown) {
        return order;
      }
    }
    expect(await startUp({ controllers: [Events] })).toContain(
      'Events.placed is an @EventPattern whose result is published, and needs an idempotencyKey',
    );
  });

  it('a result that nothing would publish', async () => {
    @Injectable()
    class Service {
      @Realtime({ channel: 'orders', event: 'order.updated' })
      update() {}
    }
    expect(await startUp({ providers: [Service] })).toContain(
      'Service.update has @Realtime with a channel, but is no route',
    );
  });

  it('a guard that Nest would drop', async () => {
    const orders = { provide: 'ORDERS', useFactory: () => new GuardedOrders() };
    expect(await startUp({ providers: [orders] })).toBe(
      'Nestwire: Nest would not run the guard Deny for GuardedOrders.claim: ' +
        'provide GuardedOrders under its own class, without a factory',
    );
  });

  it('a request-scoped global guard that Nest would drop', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Scoped extends Deny {}
    const orders = { provide: 'ORDERS', useValue: new Orders() };
    const guard = { provide: APP_GUARD, useClass: Scoped };
    expect(await startUp({ providers: [orders, guard] })).toContain('Nest would not run the request-scoped');
  });
});

describe('start-up is fine with', () => {
  it('an alias and a factory of the same instance', async () => {
    const providers = [
      Orders,
      { provide: 'ALIAS', useExisting: Orders },
      { provide: 'FACTORY', useFactory: (orders: Orders) => orders, inject: [Orders] },
    ];
    await using app = await testApp({ providers });
    expect(await app.run('order.claim')).toEqual({ ok: true, data: 'claimed' });
  });

  it('a class under a token of its own', async () => {
    await using app = await testApp({ providers: [{ provide: 'ORDERS', useClass: Orders }] });
    expect(await app.run('order.claim')).toEqual({ ok: true, data: 'claimed' });
  });

  it('an instance in the place of a class, whose guards still run', async () => {
    await using app = await testApp({
      providers: [GuardedOrders],
      override: (builder) => builder.overrideProvider(GuardedOrders).useValue(new GuardedOrders()),
    });
    expect(await app.run('order.claim')).toMatchObject({ error: { code: 'forbidden' } });
  });

  it('providers that are no objects, or have no prototype', async () => {
    const values = [null, undefined, 5, 'text', Object.create(null), () => 0, Symbol('s'), new Map()];
    const providers = values.map((useValue, index) => ({ provide: `VALUE_${index}`, useValue }));
    expect(await startUp({ providers })).toBe('started');
  });

  it('a command that a subclass inherits', async () => {
    @Injectable()
    class EuOrders extends Orders {
      override claim() {
        return `${super.claim()} in the EU`;
      }
    }
    @Injectable()
    class UsOrders extends Orders {}
    await using app = await testApp({ providers: [EuOrders, UsOrders] });
    expect(await app.run('order.claim')).toEqual({ ok: true, data: 'claimed' });
  });

  it('results that routes, messages and marked methods of other libraries publish', async () => {
    const publish = { channel: 'orders', event: 'order.updated' };
    @Controller('orders')
    class Handlers {
      @Get()
      @Realtime(publish)
      route() {}

      @MessagePattern('order.sum')
      @Realtime(publish)
      message(@Payload() _data: unknown) {}

      @EventPattern('order.placed')
      @Realtime({ ...publish, idempotencyKey: '{body.id}' })
      event(@Payload() _data: unknown) {}
    }
    @Injectable()
    class Consumers {
      @SetMetadata('RABBIT_HANDLER', { queue: 'orders' })
      @Realtime(publish)
      consume() {}
    }
    expect(await startUp({ controllers: [Handlers], providers: [Consumers] })).toBe('started');
  });
});
