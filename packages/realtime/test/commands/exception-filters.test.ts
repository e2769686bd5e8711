import {
  type ArgumentsHost,
  BadRequestException,
  Catch,
  Controller,
  type ExceptionFilter,
  Injectable,
  NotFoundException,
  type Type,
  UseFilters,
} from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter } from '@nestjs/core';
import { BaseWsExceptionFilter } from '@nestjs/websockets';
import { RealtimeError } from '@nestwire/protocol';
import { EMPTY, of, throwError } from 'rxjs';
import { Realtime } from '../../src/realtime.decorator.js';
import { testApp } from './support.js';

/** A filter for everything that returns what it was given. */
function returning(value: unknown): Type<ExceptionFilter> {
  @Catch()
  class Returning implements ExceptionFilter {
    catch() {
      return typeof value === 'function' ? (value as () => unknown)() : value;
    }
  }
  return Returning;
}

@Catch()
class HttpFilter implements ExceptionFilter {
  catch(exception: Error, host: ArgumentsHost) {
    host.switchToHttp().getResponse().status(500).json({ message: exception.message });
  }
}

@Catch()
class InheritedFilter extends BaseExceptionFilter {}

@Catch()
class GatewayFilter extends BaseWsExceptionFilter {}

@Injectable()
class Faults {
  @Realtime({ command: 'fault.missing' })
  missing() {
    throw new NotFoundException('no such order');
  }

  @Realtime({ command: 'fault.broken' })
  broken() {
    throw new Error('hunter2');
  }
}

const NOT_FOUND = { code: 'not_found', message: 'no such order', temporary: false };

async function errorOf(filter: Type<ExceptionFilter>, command = 'fault.missing') {
  const providers = [Faults, { provide: APP_FILTER, useClass: filter }];
  await using app = await testApp({ providers });
  const { ok, error } = await app.run(command);
  expect(ok).toBe(false);
  return { error, logs: app.logs };
}

describe('what a filter returns is the error', () => {
  it.each([
    [
      'an error body',
      { code: 'conflict', message: 'taken', temporary: true, retryAfterMs: 5, details: [1], stack: 'x' },
    ],
    [
      'a promise of one',
      async () => ({ code: 'conflict', message: 'taken', temporary: true, retryAfterMs: 5, details: [1] }),
    ],
    [
      'an Observable of one',
      () => of({ code: 'conflict', message: 'taken', temporary: true, retryAfterMs: 5, details: [1] }),
    ],
    [
      'one as error of an object',
      { error: { code: 'conflict', message: 'taken', temporary: true, retryAfterMs: 5, details: [1] } },
    ],
    [
      'an exception',
      () => new RealtimeError('conflict', 'taken', { temporary: true, retryAfterMs: 5, details: [1] }),
    ],
  ])('%s, as it is', async (_name, value) => {
    const { error } = await errorOf(returning(value));
    expect(error).toEqual({
      code: 'conflict',
      message: 'taken',
      temporary: true,
      retryAfterMs: 5,
      details: [1],
    });
  });

  it.each([
    ['a text', 'gone', { ...NOT_FOUND, message: 'gone' }],
    [
      'an object',
      { message: 'gone', at: 3 },
      { ...NOT_FOUND, message: 'gone', details: { message: 'gone', at: 3 } },
    ],
    ['a list', ['gone'], { ...NOT_FOUND, details: ['gone'] }],
    [
      'an unknown code',
      { code: 'E7', message: 'gone' },
      { ...NOT_FOUND, message: 'gone', details: { code: 'E7', message: 'gone' } },
    ],
  ])('%s, under the code of the exception', async (_name, value, expected) => {
    const { error } = await errorOf(returning(value));
    expect(error).toEqual(expected);
  });

  it('and what to log was its business', async () => {
    const { error, logs } = await errorOf(returning('sorry'), 'fault.broken');
    expect(error).toEqual({ code: 'internal', message: 'sorry', temporary: false });
    expect(logs.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('the exception itself is the error', () => {
  it.each([
    ['returns nothing', returning(undefined)],
    ['returns null', returning(null)],
    ['returns an empty Observable', returning(() => EMPTY)],
    [
      'throws',
      returning(() => {
        throw new BadRequestException('another');
      }),
    ],
    [
      'rejects',
      returning(async () => {
        throw new BadRequestException('another');
      }),
    ],
    [
      'returns an Observable that fails',
      returning(() => throwError(() => new BadRequestException('another'))),
    ],
    ['is written for HTTP', HttpFilter],
    ['extends BaseExceptionFilter', InheritedFilter],
    ['extends BaseWsExceptionFilter', GatewayFilter],
  ])('where a filter %s', async (_name, filter) => {
    const { error } = await errorOf(filter);
    expect(error).toEqual(NOT_FOUND);
  });

  it('and an internal one is still logged', async () => {
    const { error, logs } = await errorOf(HttpFilter, 'fault.broken');
    expect(error).toMatchObject({ code: 'internal' });
    expect(JSON.stringify(error)).not.toContain('hunter2');
    expect(logs.filter(({ level }) => level === 'error')).toEqual([
      { level: 'error', text: expect.stringContaining('hunter2') },
    ]);
  });
});

describe('the nearest filter', () => {
  @Controller('near')
  @UseFilters(returning('class'))
  class Near {
    @Realtime({ command: 'near.class' })
    ofClass() {
      throw new Error();
    }

    @Realtime({ command: 'near.method' })
    @UseFilters(returning('method'))
    ofMethod() {
      throw new Error();
    }
  }

  it.each(['class', 'method'])('of the %s is asked', async (level) => {
    await using app = await testApp({
      controllers: [Near],
      providers: [{ provide: APP_FILTER, useClass: returning('app') }],
      prepare: (nest) => nest.useGlobalFilters(new (returning('use'))()),
    });
    expect(await app.run(`near.${level}`)).toMatchObject({ error: { message: level } });
  });
});
