import { Controller, type DynamicModule, Get, Module, type Type } from '@nestjs/common';
import {
  ENHANCER_CASES,
  EnhancersModule,
  SCOPED_COMMANDS,
  ScopedGlobalModule,
  ScopedModule,
  takeTrace,
  useGlobalEnhancers,
} from './enhancers.app.js';
import { start } from './start.js';

@Controller('trace')
class TraceController {
  /** What has run since it was last asked. */
  @Get()
  take(): string[] {
    return takeTrace();
  }
}

@Module({})
class Root {}

function traced(module: Type): DynamicModule {
  return { module: Root, imports: [module], controllers: [TraceController] };
}

async function main(): Promise<void> {
  const addresses = {
    enhancers: await start(traced(EnhancersModule), useGlobalEnhancers),
    scoped: await start(traced(ScopedModule)),
    scopedGlobal: await start(traced(ScopedGlobalModule)),
  };
  console.log(JSON.stringify({ ...addresses, cases: ENHANCER_CASES, commands: SCOPED_COMMANDS }));
}

void main();
