import { type Envelope, joinPositions, type SubscriptionStart } from '@nestwire/protocol';
import { io, type Socket } from 'socket.io-client';
import type { Wire, WireListener, WireRequest } from './wire.js';

type Answer = { ok: true; data: Required<SubscriptionStart> } | { ok: false; error: { code: string } };
/** The transport of `ws`; Engine.IO's client does not type it. */
interface RawTransport {
  readonly ws?: { terminate(): void; pause(): void; resume(): void };
}

/** A Socket.IO client with nothing of ours. It does not come back by itself: its owner decides where to. */
export async function openSocketIo(request: WireRequest, listener: WireListener): Promise<Wire> {
  const { url, channels, token, cursor, signal, silenceMs } = request;
  const socket = io(`${url}/realtime`, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    timeout: silenceMs,
    auth: { token },
  });
  // Engine.IO lets go of its WebSocket when it closes it, and one that is not read from would stay open.
  const { ws } = socket.io.engine.transport as RawTransport;
  const hangUp = (): void => {
    ws?.terminate();
    socket.disconnect();
  };
  const end = ended(socket, signal);
  observe(socket, request, listener);
  signal.addEventListener('abort', hangUp);
  try {
    await Promise.race([new Promise((resolve) => socket.once('ready', resolve)), end.promise]);
    for (const channel of channels) {
      const answer = await Promise.race([subscribe(socket, channel, cursor), end.promise]);
      signal.throwIfAborted();
      if (!answer.ok) throw new Error(`${channel} was refused: ${answer.error.code}`);
    }
  } catch (error) {
    hangUp();
    throw error;
  }
  end.notify(() => listener.onEnd());
  return { pause: () => ws?.pause(), resume: () => ws?.resume() };

  /** What comes with the answer is taken in its own breath, before any event that follows it. */
  function subscribe(to: Socket, channel: string, position: string | undefined): Promise<Answer> {
    return new Promise((resolve) => {
      to.emit('subscribe', position === undefined ? { channel } : { channel, position }, (answer: Answer) => {
        if (answer.ok && !signal.aborted) listener.onStart(channel, answer.data, answer.data.position);
        resolve(answer);
      });
    });
  }
}

function observe(socket: Socket, { signal }: WireRequest, listener: WireListener): void {
  socket.on('events', (envelopes: Envelope[], positions: Record<string, string>) => {
    if (signal.aborted) return;
    for (const envelope of envelopes) listener.onEvent(envelope);
    listener.onCursor(joinPositions(Object.values(positions)));
  });
  socket.on('gap', ({ channel, position }: { channel: string; position: string }) => {
    if (signal.aborted) return;
    listener.onGap(channel, position);
    listener.onCursor(position);
  });
  for (const name of ['close', 'drain', 'degraded', 'healed']) {
    socket.on(name, (data: unknown) => !signal.aborted && listener.onControl(name, data));
  }
}

/** Rejects when the connection has ended, or could not be; whoever asks to be notified is told, unless the client itself has cut it. */
function ended(
  socket: Socket,
  signal: AbortSignal,
): { promise: Promise<never>; notify: (listener: () => void) => void } {
  let tell: (() => void) | undefined;
  let isOver = false;
  const promise = new Promise<never>((_, reject) => {
    const over = (error: Error): void => {
      if (isOver) return;
      isOver = true;
      reject(error);
      if (!signal.aborted) tell?.();
    };
    socket.once('connect_error', over);
    socket.once('disconnect', (reason) => over(new Error(`disconnected: ${reason}`)));
    signal.addEventListener('abort', () => over(new Error('cut')));
  });
  promise.catch(() => undefined);
  return {
    promise,
    notify(listener) {
      if (isOver && !signal.aborted) listener();
      else tell = listener;
    },
  };
}
