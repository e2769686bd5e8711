import { AppModule } from './app.module.js';
import { start } from './start.js';

void start(AppModule).then((url) => console.log(JSON.stringify({ url })));
