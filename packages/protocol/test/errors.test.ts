import { ERROR_CODES, type ErrorCode, RealtimeError } from '../src/index.js';

describe('error codes', () => {
  it('are these: a new one is a change of the wire', () => {
    expect(ERROR_CODES).toEqual({
      bad_request: { temporary: false, status: 400 },
      unauthenticated: { temporary: false, status: 401 },
      forbidden: { temporary: false, status: 403 },
      not_found: { temporary: false, status: 404 },
      conflict: { temporary: false, status: 409 },
      too_large: { temporary: false, status: 413 },
      rate_limited: { temporary: true, status: 429 },
      unavailable: { temporary: true, status: 503 },
      internal: { temporary: false, status: 500 },
    });
  });

  it.each(Object.keys(ERROR_CODES) as ErrorCode[])(
    '%s is as temporary as its code says, unless told otherwise',
    (code) => {
      const { temporary } = ERROR_CODES[code];
      expect(new RealtimeError(code, 'text').temporary).toBe(temporary);
      expect(new RealtimeError(code, 'text', { temporary: !temporary }).temporary).toBe(!temporary);
    },
  );
});

describe('an error', () => {
  it('is an Error with a name, a message and a stack', () => {
    const error = new RealtimeError('forbidden', 'You may not.');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'RealtimeError', message: 'You may not.', code: 'forbidden' });
    expect(error.stack).toContain('You may not.');
    expect('cause' in error).toBe(false);
  });

  it('travels with what was given and no more', () => {
    expect(new RealtimeError('forbidden', 'You may not.').toBody()).toEqual({
      code: 'forbidden',
      message: 'You may not.',
      temporary: false,
    });
    const full = new RealtimeError('unavailable', 'Later.', {
      retryAfterMs: 0,
      details: { outcome: 'unknown' },
    });
    expect(Object.entries(full.toBody())).toEqual([
      ['code', 'unavailable'],
      ['message', 'Later.'],
      ['temporary', true],
      ['retryAfterMs', 0],
      ['details', { outcome: 'unknown' }],
    ]);
  });

  it('keeps its cause and its stack on the server', () => {
    const cause = new Error('ECONNREFUSED 10.0.0.1');
    const error = new RealtimeError('unavailable', 'Later.', { cause });
    expect(error.cause).toBe(cause);
    expect(JSON.stringify(error.toBody())).not.toMatch(/ECONNREFUSED|stack|cause/);
  });
});
