import { BadRequestException, HttpException, InternalServerErrorException } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import { WsException } from '@nestjs/websockets';
import { RealtimeError } from '@nestwire/protocol';
import { toRealtimeError } from '../../src/commands/exception-mapping.js';

describe('toRealtimeError', () => {
  it.each([
    [400, 'bad_request', false],
    [401, 'unauthenticated', false],
    [403, 'forbidden', false],
    [404, 'not_found', false],
    [408, 'bad_request', false],
    [409, 'conflict', false],
    [412, 'conflict', false],
    [413, 'too_large', false],
    [422, 'bad_request', false],
    [429, 'rate_limited', true],
    [503, 'unavailable', true],
  ])('maps status %i to %s', (status, code, temporary) => {
    expect(toRealtimeError(new HttpException('why', status)).toBody()).toEqual({
      code,
      message: 'why',
      temporary,
    });
  });

  it.each([
    ['500', new InternalServerErrorException('hunter2')],
    ['502', new HttpException('hunter2', 502)],
    ['any other error', new TypeError('hunter2')],
    ['an error with a code of its own', Object.assign(new Error('hunter2'), { code: 'conflict' })],
    ['a thrown text', 'hunter2'],
    ['a thrown object', { code: 'conflict', message: 'hunter2' }],
    ['nothing', undefined],
    [
      'what fails when asked',
      {
        getStatus: () => {
          throw new Error();
        },
        getResponse: () => 0,
      },
    ],
  ])('says nothing of %s', (_name, exception) => {
    const error = toRealtimeError(exception);
    expect(error.code).toBe('internal');
    expect(JSON.stringify(error.toBody())).not.toContain('hunter2');
    expect(error.cause).toBe(exception);
  });

  it('keeps what a ValidationPipe has found', () => {
    const error = toRealtimeError(
      new BadRequestException(['qty must be an integer', 'sku should not be empty']),
    );
    expect(error.toBody()).toEqual({
      code: 'bad_request',
      message: 'Bad Request',
      temporary: false,
      details: { messages: ['qty must be an integer', 'sku should not be empty'] },
    });
  });

  it('keeps what else an HTTP response would hold', () => {
    const error = toRealtimeError(new HttpException({ message: 'sold out', left: 0, statusCode: 409 }, 409));
    expect(error.toBody()).toMatchObject({ code: 'conflict', details: { left: 0 } });
  });

  it('takes the error out of an HTTP response of ours', () => {
    const body = new RealtimeError('unavailable', 'later', { retryAfterMs: 9 }).toBody();
    expect(toRealtimeError(new HttpException({ error: body, statusCode: 503 }, 503)).toBody()).toEqual(body);
  });

  it.each([
    [new WsException('no'), { code: 'bad_request', message: 'no' }],
    [new RpcException('no'), { code: 'bad_request', message: 'no' }],
    [new WsException({ code: 'conflict', message: 'no' }), { code: 'conflict', message: 'no' }],
    [new WsException({ status: 'error', message: 'no' }), { message: 'no', details: { status: 'error' } }],
    [
      new RpcException({ code: 5, message: 'no' }),
      { code: 'bad_request', message: 'no', details: { code: 5 } },
    ],
  ])('maps exceptions of gateways and microservices', (exception, expected) => {
    expect(toRealtimeError(exception).toBody()).toMatchObject(expected);
  });

  it('knows a RealtimeError of another copy of the package', () => {
    class Other extends Error {
      override readonly name = 'RealtimeError';
      toBody = () => ({ code: 'conflict', message: 'taken', temporary: false });
    }
    expect(toRealtimeError(new Other()).toBody()).toEqual({
      code: 'conflict',
      message: 'taken',
      temporary: false,
    });
  });
});
