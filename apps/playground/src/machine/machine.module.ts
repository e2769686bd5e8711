import { Module } from '@nestjs/common';
import { RealtimeModule } from '@nestwire/realtime';
import { MachineChannel } from './machine.channel.js';
import { MachineController } from './machine.controller.js';
import { MachineService } from './machine.service.js';

@Module({
  imports: [RealtimeModule.forFeature([MachineChannel])],
  controllers: [MachineController],
  providers: [MachineService],
})
export class MachineModule {}
