import { createRealtimeClient, type RealtimeClientOptions } from '@nestwire/client';
import { hydrateRoot } from 'react-dom/client';
import { App } from './app.js';

const { token, transport } = Object.fromEntries(new URLSearchParams(location.hash.slice(1))) as {
  token: string;
  transport: NonNullable<RealtimeClientOptions['transport']>;
};

hydrateRoot(
  document.getElementById('root')!,
  <App client={createRealtimeClient({ token: () => token, transport })} />,
);
