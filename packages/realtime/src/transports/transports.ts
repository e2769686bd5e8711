import { Controller, type Type, VERSION_NEUTRAL } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { MetricsController } from '../observability/metrics.controller.js';
import { StateController } from '../state/state.controller.js';
import { CommandsController } from './http/commands.controller.js';
import { TicketsController } from './http/tickets.controller.js';
import { RealtimeGateway } from './socket-io/realtime.gateway.js';
import { SseController } from './sse/sse.controller.js';

export interface Transports {
  readonly controllers: Type[];
  readonly gateway: Type;
}

/** The controllers and the gateway under a base path: subclasses of their own, so that two modules of one process do not share a path. */
export function transportsAt(basePath: string): Transports {
  const at = (controller: Type, path = basePath): Type => {
    const Bound = class extends controller {};
    Object.defineProperty(Bound, 'name', { value: controller.name });
    Controller({ path, version: VERSION_NEUTRAL })(Bound);
    return Bound;
  };
  const Gateway = class extends RealtimeGateway {};
  WebSocketGateway({ namespace: basePath })(Gateway);
  return {
    controllers: [
      at(SseController),
      at(CommandsController),
      at(TicketsController),
      at(MetricsController),
      at(StateController, `${basePath}/state`),
    ],
    gateway: Gateway,
  };
}
