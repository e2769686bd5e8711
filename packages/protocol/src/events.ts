/**
 * The events of an application's channels, for the types alone. An application adds its own, by the pattern of the channel:
 *
 * ```ts
 * declare module '@nestwire/client' {
 *   interface RealtimeEvents {
 *     'orders:{region}': { 'order.updated': Order };
 *   }
 * }
 * ```
 */
export interface RealtimeEvents {}

/** `orders:{region}` as a type of text: `orders:${string}`. */
type NameOf<Pattern> = Pattern extends `${infer Head}{${string}}${infer Tail}`
  ? `${Head}${string}${NameOf<Tail>}`
  : Pattern;

/** The patterns that a channel's name fits. */
type PatternOf<Channel extends string, Events> = {
  [Pattern in keyof Events]: Channel extends NameOf<Pattern> ? Pattern : never;
}[keyof Events];

/** Data by event of the channel with this name; of a channel that is not known, anything. */
export type EventsOf<Channel extends string, Events = RealtimeEvents> = [PatternOf<Channel, Events>] extends [
  never,
]
  ? Record<string, unknown>
  : Events[PatternOf<Channel, Events>];
