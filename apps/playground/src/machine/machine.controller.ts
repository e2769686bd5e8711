import { Controller, Get } from '@nestjs/common';
import type { Sample } from './load-meter.js';
import { MachineService } from './machine.service.js';

@Controller('api/machine')
export class MachineController {
  constructor(private readonly machine: MachineService) {}

  @Get()
  recent(): readonly Sample[] {
    return this.machine.recent();
  }
}
