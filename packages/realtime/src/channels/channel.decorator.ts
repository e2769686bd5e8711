import { Injectable, type Type } from '@nestjs/common';
import type { ChannelOptions, DocumentOptions } from './document.options.js';
import { ChannelPattern } from './pattern.js';

interface PatternMetadata<Options> {
  readonly pattern: ChannelPattern;
  readonly options: Options;
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
export function RealtimeDocument(pattern: string, options: DocumentOptions = {}): ClassDecorator {
  return decorate(DOCUMENT, pattern, options);
}

export function channelMetadata(type: Type): PatternMetadata<ChannelOptions> | undefined {
  return Reflect.getOwnMetadata(CHANNEL, type) as PatternMetadata<ChannelOptions> | undefined;
}

export function documentMetadata(type: Type): PatternMetadata<DocumentOptions> | undefined {
  return Reflect.getOwnMetadata(DOCUMENT, type) as PatternMetadata<DocumentOptions> | undefined;
}

function decorate<Options>(key: symbol, source: string, options: Options): ClassDecorator {
  const metadata: PatternMetadata<Options> = { pattern: new ChannelPattern(source), options };
  return (target) => {
    Injectable()(target);
    Reflect.defineMetadata(key, metadata, target);
  };
}
