import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Builds the packages anew and packs them, as they are published, into a folder. Answers what is in each `package.json`,
 * and the tarball's path.
 */
export function packPackages(destination) {
  const folders = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name));
  // Output of files that are gone would be packed, so it goes first.
  for (const folder of folders) rmSync(join(folder, 'dist'), { recursive: true, force: true });
  execFileSync('npm', ['run', 'build'], { cwd: root, stdio: 'inherit' });
  return folders.map((folder) => ({
    manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')),
    tarball: pack(folder, destination),
  }));
}

function pack(folder, destination) {
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', destination], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  return join(destination, filename);
}
