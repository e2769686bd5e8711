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
// oxlint-disable-next-line typescript/no-empty-object-type -- it is there to be added to
export interface RealtimeEvents {}

/** `orders:{region}` as a type of text: `orders:${string}`. */
type NameOf<Pattern extends string> = Pattern extends `${infer Head}{${string}}${infer Tail}`
  ? `${Head}${string}${NameOf<Tail>}`
  : Pattern;

/** The patterns that a channel's name fits. */
type PatternOf<Channel extends string> = {
  [Pattern in keyof RealtimeEvents & string]: Channel extends NameOf<Pattern> ? Pattern : never;
}[keyof RealtimeEvents & string];

/** Data by event of the channel with this name; of a channel that is not known, anything. */
export type EventsOf<Channel extends string> = [PatternOf<Channel>] extends [never]
  ? Record<string, unknown>
  : RealtimeEvents[PatternOf<Channel> & keyof RealtimeEvents];
