import { memoryBackend } from '../../src/index.js';
import { BackendClock } from '../../src/channels/backend-clock.js';
import { SocketClient } from '../support/socket-client.js';
import { startApp } from '../support/start-app.js';

const HOUR_MS = 3_600_000;

describe('BackendClock', () => {
  let own: number;
  let monotonic: number;
  let clock: BackendClock;

  beforeEach(() => {
    own = 1_000_000;
    monotonic = 0;
    clock = new BackendClock({ now: () => own, monotonic: () => monotonic });
  });

  it('is the own clock until something has arrived', () => {
    expect(clock.now()).toBe(own);
  });

  it('goes on from the latest that has arrived, whatever the own clock says', () => {
    clock.observe(5_000);
    own += HOUR_MS;
    monotonic += 250;
    expect(clock.now()).toBe(5_250);

    clock.observe(5_100);
    expect(clock.now()).toBe(5_250);

    clock.observe(5_400);
    expect(clock.now()).toBe(5_400);
  });

  it('follows a clock that was set back, two minutes later', () => {
    clock.observe(HOUR_MS);
    for (let minute = 1; minute <= 2; minute += 1) {
      monotonic += 60_001;
      clock.observe(monotonic);
    }
    expect(clock.now()).toBe(monotonic);
  });

  it('forgets at once what is older than that', () => {
    clock.observe(HOUR_MS);
    monotonic += 121_000;
    expect(clock.now()).toBe(HOUR_MS + 121_000);
    clock.observe(monotonic);
    expect(clock.now()).toBe(monotonic);
  });
});

describe('An event that expires', () => {
  it.each([
    ['behind', -HOUR_MS],
    ['ahead of', HOUR_MS],
  ])('is delivered in its time, live and on return, though the backend is %s the node', async (_, lead) => {
    const backend = memoryBackend({ now: () => Date.now() + lead, monotonic: () => performance.now() });
    await using app = await startApp({ options: { backend } });
    using client = await SocketClient.connect(app.url);
    const { position } = await client.follow('open:a');

    await app.realtime.publish('open:a', 'short', 1, { ttlMs: 1 });
    await app.realtime.publish('open:a', 'long', 2, { ttlMs: 60_000 });
    await client.until(() => client.envelopes('open:a').some(({ n }) => n === 'long'));

    using back = await SocketClient.connect(app.url);
    await back.until(
      () => Date.now() + lead > client.envelopes('open:a').at(-1)!.t + 1,
      'the first to expire',
    );
    await back.follow('open:a', position);
    await back.received('open:a', 1);
    expect(back.envelopes('open:a').map(({ n }) => n)).toEqual(['long']);
  });
});
