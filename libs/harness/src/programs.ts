import type { Program } from './find-program.js';

export const redisProgram: Program = {
  title: 'Redis',
  candidates: ['redis-server', 'valkey-server'],
  packages: { apt: ['redis-server'], brew: ['redis'] },
};

export const browserProgram: Program = {
  title: 'Chromium',
  candidates: [
    'chromium',
    'chromium-browser',
    'google-chrome',
    'google-chrome-stable',
    'microsoft-edge',
    'microsoft-edge-stable',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  packages: { apt: ['chromium'], brew: ['--cask', 'google-chrome'] },
};
