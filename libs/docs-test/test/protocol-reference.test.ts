import { Test } from '@nestjs/testing';
import {
  CLOSE_CODES,
  COMMANDS,
  CONTROL_EVENTS,
  ERROR_CODES,
  type GapReason,
  MAX_CHANNEL_NAME_LENGTH,
  MAX_CHANNELS_PER_STREAM,
  MAX_COMMAND_ID_LENGTH,
  MAX_CURSOR_LENGTH,
  MAX_EVENT_NAME_LENGTH,
  MAX_STREAM_REQUEST_LENGTH,
  RESERVED_CHANNEL_PREFIXES,
} from '@nestwire/protocol';
import { RealtimeModule, RealtimeState } from '@nestwire/realtime';
import { page, tableUnder } from '../src/index.js';

const { text } = page('docs/reference/protocol.md');

/** What a table says in some of its columns. */
function columns(heading: string, ...names: string[]): (string | undefined)[][] {
  return tableUnder(text, heading).map((row) => names.map((name) => row[name]));
}

function yesOrNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

describe('the reference of the wire', () => {
  it('lists the error codes', () => {
    const codes = Object.entries(ERROR_CODES).map(([code, { status, temporary }]) => [
      code,
      String(status),
      yesOrNo(temporary),
    ]);
    expect(columns('Error codes', 'Code', 'HTTP', 'Temporary')).toEqual(codes);
  });

  it('lists the close codes', () => {
    const codes = Object.entries(CLOSE_CODES).map(([code, { reconnect, told }]) => [
      code,
      yesOrNo(reconnect),
      yesOrNo(told),
    ]);
    expect(columns('Close codes', 'Code', 'Reconnect', 'Told')).toEqual(codes);
  });

  it('lists the control events', () => {
    expect(columns('Control events', 'Event').flat()).toEqual(Object.values(CONTROL_EVENTS));
  });

  it('lists the reasons of a gap', () => {
    // The compiler misses a reason that is not here.
    const reasons: Record<GapReason, true> = { expired: true, epoch: true, unreadable: true };
    expect(columns('Reasons of a gap', 'Reason').flat()).toEqual(Object.keys(reasons));
  });

  it('lists the commands', () => {
    expect(columns('Commands of the library', 'Command').flat()).toEqual(Object.values(COMMANDS));
  });

  it('lists the prefixes of names', () => {
    const prefixes = [...text.matchAll(/^\| `(\$\w+:)`/gm)].map(([, prefix]) => prefix);
    expect(new Set(prefixes)).toEqual(new Set(Object.values(RESERVED_CHANNEL_PREFIXES)));
  });
});

describe('the limits in the reference of the wire', () => {
  it('are those of names', () => {
    const idLength = MAX_CHANNEL_NAME_LENGTH - RESERVED_CHANNEL_PREFIXES.state.length;
    expect(columns('Names', 'Longest').flat().map(Number)).toEqual([
      MAX_CHANNEL_NAME_LENGTH,
      MAX_EVENT_NAME_LENGTH,
      MAX_COMMAND_ID_LENGTH,
      idLength,
      100,
    ]);
  });

  it('are those of streams', () => {
    const limits = columns('Limits', 'Limit').flat();
    expect(limits.slice(0, 3).map((limit) => Number.parseInt(limit!.replace(',', ''), 10))).toEqual([
      MAX_CHANNELS_PER_STREAM,
      MAX_STREAM_REQUEST_LENGTH,
      MAX_CURSOR_LENGTH,
    ]);
  });

  it('are those of documents', async () => {
    const module = await Test.createTestingModule({ imports: [RealtimeModule.forRoot()] }).compile();
    await using _ = { [Symbol.asyncDispose]: () => module.close() };
    const state = module.get(RealtimeState);
    const patch = (fields: string[]) =>
      state.patch('cart:1', Object.fromEntries(fields.map((name) => [name, 1])));
    const names = Array.from({ length: 1_001 }, (__, index) => `f${index}`);
    await expect(patch(names.slice(1))).resolves.toMatchObject({ changed: true });
    await expect(patch(names)).rejects.toMatchObject({ code: 'too_large' });
    await expect(patch(['x'.repeat(100)])).resolves.toMatchObject({ changed: true });
    await expect(patch(['x'.repeat(101)])).rejects.toMatchObject({ code: 'bad_request' });
  });
});
