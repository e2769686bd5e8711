import type { ResolvedOptions } from '../options.js';
import { groupOf } from './group.js';
import { browserPlatform } from './platform.js';
import { TabConnection, type TabOptions } from './tab-connection.js';

/**
 * The connection that this tab shares with those that may: see {@link groupOf}. What it needs of the core is handed to it: what both
 * import would be a file of its own, and the core larger.
 * @throws Error where it is not known who may share it.
 */
export async function shareConnection({
  options,
  ...rest
}: Omit<TabOptions, 'group' | 'platform' | 'hostTimeoutMs'> & {
  options: ResolvedOptions;
}): Promise<TabConnection> {
  const group = await groupOf(options);
  return new TabConnection({
    ...rest,
    group,
    platform: browserPlatform,
    hostTimeoutMs: options.connectTimeoutMs,
  });
}
