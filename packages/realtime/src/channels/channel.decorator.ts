import { Injectable, type Type } from '@nestjs/common';
import type { History } from '../backend/event-log.js';
import { ChannelPattern } from './pattern.js';

/** What the channels of a pattern keep; what is left out is the module's own `history`. */
export interface ChannelOptions {
  history?: Partial<History>;
}

interface PatternMetadata {
  readonly pattern: ChannelPattern;
  readonly history: Partial<History>;
}

const CHANNEL = Symbol('nestwire:channel');
const DOCUMENT = Symbol('nestwire:document');

/**
 * Makes a class the policy of the channels that fit the pattern (`orders:{region}`); see `ChannelPolicy`.
 * Register it with `RealtimeModule.forFeature([...])` or as a provider of any module.
 * @throws Error where the pattern is not one.
 */
export function RealtimeChannel(pattern: string, options: ChannelOptions = {}): ClassDecorator {
  if (pattern.startsWith('$'))
    throw new Error(`"${pattern}": names with a leading $ are reserved; for documents use @RealtimeDocument`);
  return decorate(CHANNEL, pattern, options);
}

/**
 * Makes a class the policy of the documents whose id fits the pattern (`cart:{id}`); see `DocumentPolicy`.
 * @throws Error where the pattern is not one.
 */
export function RealtimeDocument(pattern: string, options: ChannelOptions = {}): ClassDecorator {
  return decorate(DOCUMENT, pattern, options);
}

export function channelMetadata(type: Type): PatternMetadata | undefined {
  return Reflect.getOwnMetadata(CHANNEL, type) as PatternMetadata | undefined;
}

export function documentMetadata(type: Type): PatternMetadata | undefined {
  return Reflect.getOwnMetadata(DOCUMENT, type) as PatternMetadata | undefined;
}

function decorate(key: symbol, source: string, { history = {} }: ChannelOptions): ClassDecorator {
  const metadata: PatternMetadata = { pattern: new ChannelPattern(source), history };
  return (target) => {
    Injectable()(target);
    Reflect.defineMetadata(key, metadata, target);
  };
}
