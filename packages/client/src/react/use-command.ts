'use client';

import type { RealtimeError } from '@nestwire/protocol';
import { useCallback, useRef, useState } from 'react';
import type { CommandOptions } from '../client.types.js';
import { useRealtimeClient } from './provider.js';
import { useLatest } from './use-latest.js';

/** What became of the last run. */
export interface CommandState<Result> {
  readonly status: 'idle' | 'pending' | 'success' | 'error';
  readonly data: Result | undefined;
  readonly error: RealtimeError | undefined;
}

export interface CommandView<Data, Result> extends CommandState<Result> {
  /** Runs the command; what goes wrong is in `error`. For handlers of events. */
  readonly run: (data: Data) => void;
  /** Runs the command. @throws RealtimeError, which is in `error` too. */
  readonly runAsync: (data: Data) => Promise<Result>;
  /** Forgets the last run; one that is on its way goes on, and is not shown. */
  readonly reset: () => void;
}

const IDLE = { status: 'idle', data: undefined, error: undefined } as const;

/**
 * A command, and what became of its last run. One that is on its way when the component goes is not given up: it is the user's.
 * @param options Those of `client.command`, without an id and a signal: each run is a new command.
 */
export function useCommand<Data = unknown, Result = unknown>(
  name: string,
  options?: Omit<CommandOptions, 'id' | 'signal'>,
): CommandView<Data, Result> {
  const client = useRealtimeClient();
  const latestOptions = useLatest(options);
  const lastRun = useRef(0);
  const [state, setState] = useState<CommandState<Result>>(IDLE);

  const runAsync = useCallback(
    async (data: Data): Promise<Result> => {
      const run = ++lastRun.current;
      const show = (next: CommandState<Result>): void => {
        if (run === lastRun.current) setState(next);
      };
      show({ status: 'pending', data: undefined, error: undefined });
      try {
        const result = await client.command<Result>(name, data, latestOptions.current);
        show({ status: 'success', data: result, error: undefined });
        return result;
      } catch (error) {
        // Without a signal, `client.command` rejects with nothing else.
        show({ status: 'error', data: undefined, error: error as RealtimeError });
        throw error;
      }
    },
    [client, name, latestOptions],
  );
  // The error is shown: nobody has to catch it as well.
  const run = useCallback((data: Data): void => void runAsync(data).catch(() => undefined), [runAsync]);
  const reset = useCallback(() => {
    lastRun.current += 1;
    setState(IDLE);
  }, []);
  return { ...state, run, runAsync, reset };
}
