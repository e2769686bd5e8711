import { render } from '@testing-library/react';
import { type ReactNode, StrictMode } from 'react';
import { RealtimeProvider } from '../../src/react/index.js';
import type { RealtimeClient } from '../../src/index.js';

/** Renders below a provider, in strict mode: whatever is mounted is mounted twice. */
export function renderWith(client: RealtimeClient, children: ReactNode): ReturnType<typeof render> {
  return render(
    <StrictMode>
      <RealtimeProvider client={client}>{children}</RealtimeProvider>
    </StrictMode>,
  );
}
