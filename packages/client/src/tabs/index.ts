import type { ResolvedOptions } from '../options.js';
import { groupOf } from './group.js';
import { browserPlatform, type TabPlatform } from './platform.js';
import { TabConnection } from './tab-connection.js';
import type { TabOptions } from './tab-options.js';

/**
 * The connection that this tab shares with those that may: see {@link groupOf}. What it needs of the core is handed to it: what both
 * import would be a file of its own, and the core larger.
 * @throws Error where it is not known who may share it, or the browser does not let tabs share.
 */
export async function shareConnection({
  options,
  ...rest
}: Omit<TabOptions, 'group' | 'platform' | 'hostTimeoutMs'> & {
  options: ResolvedOptions;
}): Promise<TabConnection> {
  const group = await groupOf(options);
  await assertUsable(browserPlatform, group);
  return new TabConnection({
    ...rest,
    group,
    platform: browserPlatform,
    hostTimeoutMs: options.connectTimeoutMs,
  });
}

/** Some browsers have both, and let nobody use them: where the user forbids storage, or in a frame without an origin. */
async function assertUsable(platform: TabPlatform, group: string): Promise<void> {
  const name = `${group}:${crypto.randomUUID()}`;
  platform.open(name).close();
  await platform.lock(name, {}, async () => undefined);
}
