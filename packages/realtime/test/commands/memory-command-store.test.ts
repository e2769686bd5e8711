import { COMMAND_RECORD_TTL_MS } from '../../src/backend/command-store.js';
import {
  MemoryCommandStore,
  type MemoryCommandStoreOptions,
} from '../../src/backend/memory/memory-command-store.js';

const claim = { scope: 'session:a', id: '1', digest: 'd', node: 'n' };

function store(options: MemoryCommandStoreOptions = {}) {
  // lru-cache takes 0 for "no time".
  let now = 1;
  const commands = new MemoryCommandStore(options, { monotonic: () => now });
  return { commands, pass: (ms: number) => (now += ms) };
}

describe('the record of commands in memory', () => {
  it('claims once, and keeps the first reply', async () => {
    const { commands } = store();
    expect(await commands.claim(claim)).toEqual({ status: 'claimed' });
    expect(await commands.claim({ ...claim, node: 'm' })).toEqual({ status: 'running', node: 'n' });
    await commands.settle('session:a', '1', '{"ok":true}');
    expect(await commands.claim(claim)).toEqual({ status: 'settled', reply: '{"ok":true}' });
    expect(await commands.claim({ ...claim, digest: 'e' })).toEqual({ status: 'conflict' });
  });

  it('keeps scopes and ids apart', async () => {
    const { commands } = store();
    await commands.claim({ ...claim, scope: 'session:a', id: 'b' });
    expect(await commands.claim({ ...claim, scope: 'session:', id: 'ab' })).toEqual({ status: 'claimed' });
    expect(await commands.claim({ ...claim, scope: 'connection:a', id: 'b' })).toEqual({ status: 'claimed' });
  });

  it('forgets ten minutes after the claim, whenever it was settled', async () => {
    const { commands, pass } = store();
    await commands.claim(claim);
    pass(COMMAND_RECORD_TTL_MS - 1);
    await commands.settle('session:a', '1', '{}');
    expect(await commands.claim(claim)).toEqual({ status: 'settled', reply: '{}' });
    pass(2);
    expect(await commands.claim(claim)).toEqual({ status: 'claimed' });
  });

  it('takes no reply for what was not claimed', async () => {
    const { commands } = store();
    await commands.settle('session:a', '1', '{}');
    expect(await commands.claim(claim)).toEqual({ status: 'claimed' });
  });

  it('is bound by bytes', async () => {
    const small = store({ maxBytes: 1_900 }).commands;
    await small.claim(claim);
    await small.claim({ ...claim, id: '2' });
    await small.settle('session:a', '2', 'x'.repeat(700));
    expect(await small.claim({ ...claim, id: '2' })).toMatchObject({ status: 'settled' });
    expect(await small.claim(claim)).toEqual({ status: 'claimed' });
  });
});
