/** A program of the system that tests need, and where it comes from. */
export interface Program {
  /** What people call it, for messages: "Redis". */
  readonly title: string;
  /** Names to look for on the PATH, or absolute paths, the preferred one first. */
  readonly candidates: readonly string[];
  /** The environment variable that names another one to use, by its path. */
  readonly variable?: string;
  /** The package that holds it, by package manager, with the arguments of its "install". */
  readonly packages: { readonly apt: readonly string[]; readonly brew: readonly string[] };
}

export const redisProgram: Program = {
  title: 'Redis',
  candidates: ['redis-server', 'valkey-server'],
  variable: 'NESTWIRE_REDIS_SERVER',
  packages: { apt: ['redis-server'], brew: ['redis'] },
};

/** Its programs are not on the PATH of Debian; `initdb` stands beside the server. */
export const postgresProgram: Program = {
  title: 'PostgreSQL',
  candidates: [
    'initdb',
    ...[18, 17, 16, 15, 14, 13].map((version) => `/usr/lib/postgresql/${version}/bin/initdb`),
  ],
  packages: { apt: ['postgresql'], brew: ['postgresql'] },
};

export const nginxProgram: Program = {
  title: 'nginx',
  // Distributions put it where only root has it on the PATH.
  candidates: ['nginx', '/usr/sbin/nginx'],
  packages: { apt: ['nginx-light'], brew: ['nginx'] },
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
