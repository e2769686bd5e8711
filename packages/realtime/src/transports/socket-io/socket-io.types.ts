import type { IoAdapter } from '@nestjs/platform-socket.io';

// Nest's adapter brings one exact version of socket.io. Naming it here would bring applications a second copy, of the newest
// version, and the types of two copies do not fit each other.
export type Server = Parameters<IoAdapter['close']>[0];
export type ServerOptions = NonNullable<Parameters<IoAdapter['create']>[1]>;
export type Socket = Parameters<IoAdapter['bindMessageHandlers']>[0];
export type Namespace = Socket['nsp'];
