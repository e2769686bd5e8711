import type { PipeTransform, Type } from '@nestjs/common';
import { CUSTOM_ROUTE_ARGS_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import type { ExternalContextCreator } from '@nestjs/core';

export type ParamsFactory = NonNullable<Parameters<ExternalContextCreator['create']>[4]>;

/** The numbers under which Nest keeps `@ConnectedSocket()` and `@MessageBody()`; `@Req()` and `@Body()` have the same. */
const CLIENT = 0;
const DATA = 3;

export type ParamsMetadata = Record<
  string,
  { index: number; data?: unknown; pipes: (PipeTransform | Type<PipeTransform>)[] }
>;

/** What a method without parameter decorators takes, as in Nest's own gateways: the client and the data, through the global pipes. */
export const DEFAULT_PARAMS: ParamsMetadata = {
  [`${CLIENT}:0`]: { index: 0, pipes: [] },
  [`${DATA}:1`]: { index: 1, pipes: [] },
};

/** Takes parameters out of `[client, data, pattern]`. */
export const commandParams: ParamsFactory = {
  exchangeKeyForValue(type: number, property: unknown, [client, data]: unknown[]): unknown {
    if (type === CLIENT) return client;
    if (type !== DATA) return undefined;
    return typeof property === 'string'
      ? (data as Record<string, unknown> | null | undefined)?.[property]
      : data;
  },
};

export function paramsOf(type: Type, methodName: string): ParamsMetadata {
  return (Reflect.getMetadata(ROUTE_ARGS_METADATA, type, methodName) as ParamsMetadata | undefined) ?? {};
}

/** The first parameter that a command has nothing for, counted from 1: a path parameter, a query, a response. */
export function unsupportedParam(params: ParamsMetadata): number | undefined {
  const key = Object.keys(params).find(
    (name) =>
      !name.includes(CUSTOM_ROUTE_ARGS_METADATA) && ![CLIENT, DATA].includes(Number.parseInt(name, 10)),
  );
  return key === undefined ? undefined : params[key]!.index + 1;
}
