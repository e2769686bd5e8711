import { Realtime, type RealtimeHandlerOptions } from '../../src/realtime.decorator.js';

function decorate(options: object): void {
  class Host {
    @Realtime(options as RealtimeHandlerOptions)
    run() {}
  }
  void Host;
}

const publish = { channel: 'orders', event: 'order.updated' };

describe('@Realtime', () => {
  it.each([
    [{ channel: 'orders:{result.region}', event: 'order.updated' }],
    [{ channel: 'a/{params.id}:{query.q}.{body.x.y}@{principal.userId}', event: 'e' }],
    [{ channel: () => ['a', 'b'], event: 'e', ttlMs: 1, forRoles: ['staff'], required: true }],
    [{ command: 'order.claim' }],
    [{ command: 'order.claim', roles: ['staff'], ...publish }],
  ])('takes %j', (options) => {
    expect(() => decorate(options)).not.toThrow();
  });

  it.each([
    [{}, 'Host.run: it needs a channel and an event, a command, or both'],
    [{ channel: 'orders' }, 'event is undefined, which is not the name of an event'],
    [{ ...publish, event: 'realtime.x' }, 'event is "realtime.x"'],
    [{ ...publish, event: 'error' }, 'event is "error"'],
    [{ event: 'e' }, 'event needs a channel'],
    [{ command: 'c', required: true }, 'required needs a channel'],
    [{ command: 'c', idempotencyKey: 'k' }, 'idempotencyKey needs a channel'],
    [{ ...publish, channel: '' }, 'channel is ""'],
    [{ ...publish, channel: '$user:{result.id}' }, 'channel is "$user:{result.id}"'],
    [{ ...publish, channel: 'orders {result.id}' }, 'cannot become the name of a channel'],
    [{ ...publish, channel: 5 }, 'channel must be a template or a function'],
    [
      { ...publish, channel: 'orders:{region}' },
      '"{region}" in "orders:{region}" must be a path that begins with one of params',
    ],
    [{ ...publish, channel: 'orders:{result.a b}' }, 'must be a path'],
    [{ ...publish, channel: 'orders:{result.}' }, 'must be a path'],
    [{ ...publish, idempotencyKey: 'a{body.id' }, 'has a brace without its other half'],
    [{ ...publish, ttlMs: 0 }, 'ttlMs is 0'],
    [{ ...publish, forRoles: [] }, 'forRoles is []'],
    [{ ...publish, roles: ['staff'] }, 'roles are for a command'],
    [{ command: 'state.x' }, 'command is "state.x"'],
    [{ command: 'realtime.publish' }, 'command is "realtime.publish"'],
    [{ command: 'order claim' }, 'command is "order claim"'],
    [{ command: 'c', roles: [] }, 'roles is []'],
    [{ command: 'c', roles: 'staff' }, 'roles is "staff"'],
  ])('refuses %j', (options, message) => {
    expect(() => decorate(options)).toThrow(message);
  });

  it('refuses to be there twice, on a static method, and on anything else', () => {
    const host = class Host {
      static make() {}
      run() {}
      get value() {
        return 1;
      }
    };
    const apply = (target: object, name: string) =>
      Realtime({ command: 'c' })(target, name, Object.getOwnPropertyDescriptor(target, name)!);
    apply(host.prototype, 'run');
    expect(() => apply(host.prototype, 'run')).toThrow('@Realtime on Host.run: it is there twice');
    expect(() => apply(host, 'make')).toThrow('@Realtime on Host.make: a static method cannot have it');
    expect(() => apply(host.prototype, 'value')).toThrow(
      '@Realtime on Host.value: only a method can have it',
    );
  });

  it('is refused by the compiler where it says nothing that can be done', () => {
    const refused = () => {
      // @ts-expect-error -- no event
      Realtime({ channel: 'orders' });
      // @ts-expect-error -- no channel
      Realtime({ event: 'order.updated' });
      // @ts-expect-error -- an option of a broadcast without one
      Realtime({ command: 'order.claim', required: true });
      // @ts-expect-error -- roles of a command without one
      Realtime({ channel: 'orders', event: 'order.updated', roles: ['staff'] });
      // @ts-expect-error -- neither
      Realtime({});
      Realtime<{ id: string }>({ channel: ({ result }) => result.id, event: 'e', data: ({ id }) => id });
    };
    expect(refused).toBeInstanceOf(Function);
  });
});
