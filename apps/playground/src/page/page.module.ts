import { Module } from '@nestjs/common';
import { VisitorsModule } from '../visitors/visitors.module.js';
import { PageController } from './page.controller.js';

@Module({ imports: [VisitorsModule], controllers: [PageController] })
export class PageModule {}
