import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RealtimeModule, RealtimeState } from '@nestwire/realtime';

@Controller()
class CartController {
  constructor(private readonly state: RealtimeState) {}

  @Get('conflict')
  async conflict() {
    await this.state.patch('cart:1', { qty: 1 });
    return this.state.patch('cart:1', { qty: 2 }, { ifVersion: null });
  }
}

@Module({ imports: [RealtimeModule.forRoot()], controllers: [CartController] })
class App {}

describe("an error of ours on the application's own route", () => {
  it('is answered with its status and its message by Nest itself', async () => {
    const app = await NestFactory.create(App, { logger: false });
    await app.listen(0, '127.0.0.1');
    const response = await fetch(`${await app.getUrl()}/conflict`);
    const body: unknown = await response.json();
    await app.close();
    expect(response.status).toBe(412);
    expect(body).toMatchObject({ statusCode: 412, message: expect.any(String) as string });
  });
});
