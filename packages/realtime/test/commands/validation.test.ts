import { Controller, ParseIntPipe, ValidationPipe } from '@nestjs/common';
import { MessageBody } from '@nestjs/websockets';
import { Type } from 'class-transformer';
import { IsInt, IsString, ValidateNested } from 'class-validator';
import { Realtime } from '../../src/realtime.decorator.js';
import { testApp } from './support.js';

class Line {
  @IsString()
  sku!: string;
}

class Claim {
  @IsInt()
  qty!: number;

  @ValidateNested()
  @Type(() => Line)
  line!: Line;
}

@Controller('claims')
class Claims {
  @Realtime({ command: 'claim.whole' })
  whole(@MessageBody() claim: Claim) {
    return claim instanceof Claim && claim.line instanceof Line;
  }

  @Realtime({ command: 'claim.bare' })
  bare(_client: object, claim: Claim) {
    return claim instanceof Claim;
  }

  @Realtime({ command: 'claim.part' })
  part(@MessageBody('qty', ParseIntPipe) qty: number) {
    return qty;
  }
}

const parts = {
  controllers: [Claims],
  prepare: (nest: { useGlobalPipes(pipe: ValidationPipe): void }) => {
    nest.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }));
  },
};

describe('a ValidationPipe', () => {
  it('makes the class out of the data', async () => {
    await using app = await testApp(parts);
    expect(await app.run('claim.whole', { qty: 1, line: { sku: 'A' } })).toEqual({ ok: true, data: true });
  });

  it.each(['claim.whole', 'claim.bare'])('refuses with what is wrong: %s', async (command) => {
    await using app = await testApp(parts);
    expect(await app.run(command, { qty: 'x', line: { sku: 5 }, extra: 1 })).toEqual({
      ok: false,
      error: {
        code: 'bad_request',
        message: 'Bad Request',
        temporary: false,
        details: {
          messages: [
            'property extra should not exist',
            'qty must be an integer number',
            'line.sku must be a string',
          ],
        },
      },
    });
  });

  it('leaves a part of the data to its own pipe', async () => {
    await using app = await testApp(parts);
    expect(await app.run('claim.part', { qty: '7' })).toEqual({ ok: true, data: 7 });
    expect(await app.run('claim.part', { qty: 'x' })).toMatchObject({ error: { code: 'bad_request' } });
  });
});
