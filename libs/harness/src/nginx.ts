import { findProgram } from './find-program.js';
import { nginxProgram } from './programs.js';
import { onFreePort, type ServerProcess, startServerProcess } from './server-process.js';

/** An nginx of one test's own, on loopback, gone with the test. */
export interface Nginx extends ServerProcess {
  readonly url: string;
}

/** What is not a site's own: one process, which is easily ended, and all of its files in its directory. */
const MAIN = `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr notice;
events {}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include site.conf;
}
`;

/** Starts an nginx with what goes into its `http` block, given what to listen on, and resolves when it listens. */
export async function startNginx(site: (listen: string) => string): Promise<Nginx> {
  const program = await findProgram(nginxProgram);
  return onFreePort(async (port) => {
    const listen = `127.0.0.1:${port}`;
    const nginx = await startServerProcess({
      title: 'nginx',
      program,
      args: (directory) => ['-p', directory, '-c', 'nginx.conf', '-e', 'stderr'],
      files: { 'nginx.conf': MAIN, 'site.conf': site(listen) },
      // It has bound its ports when it says on what system it runs.
      readyText: 'OS: ',
    });
    return { ...nginx, url: `http://${listen}` };
  });
}
