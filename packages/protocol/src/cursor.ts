import { fromBase64Url, toBase64Url } from './base64url.js';

/**
 * A place in a channel's log: just after the entry with this offset and tag.
 * Offset 0 with tag 0 is the place before the first entry.
 */
export interface Position {
  /** 16 hexadecimal digits, drawn when the log is born. */
  readonly epoch: string;
  readonly offset: number;
  /** 32 random bits of the entry. */
  readonly tag: number;
}

/** Longest cursor that is read, in characters (`Last-Event-ID`, `?lastEventId=`, `position`). */
export const MAX_CURSOR_LENGTH = 2048;

/** 6 bytes in place of the channel's name, 8 of epoch, 6 of offset, 4 of tag: 24 bytes, 32 characters. */
const POSITION_LENGTH = 32;
/** Six bytes are eight characters: the name's hash is the start of the text, and can be compared as text. */
const HASH_LENGTH = 8;
const SEPARATOR = '.';
const EPOCH = /^[0-9a-f]{16}$/;

/** The 48-bit hash that stands for a channel in a cursor. Not a secret: a collision fails at the epoch. */
export function channelHash(channel: string): string {
  let high = 0x811c9dc5;
  let low = 0x9e3779b9;
  for (let i = 0; i < channel.length; i += 1) {
    const code = channel.charCodeAt(i);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x5bd1e995) ^ (low >>> 15);
  }
  const bytes: number[] = [];
  pushNumber(bytes, (high ^ (low >>> 13)) >>> 0, 4);
  pushNumber(bytes, low & 0xffff, 2);
  return toBase64Url(bytes);
}

/** The position as text; `hash` is {@link channelHash} of its channel. */
export function encodePosition(hash: string, position: Position): string {
  const bytes: number[] = [];
  pushNumber(bytes, parseInt(position.epoch.slice(0, 8), 16), 4);
  pushNumber(bytes, parseInt(position.epoch.slice(8), 16), 4);
  pushNumber(bytes, position.offset, 6);
  pushNumber(bytes, position.tag, 4);
  return hash + toBase64Url(bytes);
}

/** The number in so many bytes, the highest first. A plain array: a buffer costs more than what is put into it. */
function pushNumber(bytes: number[], value: number, count: number): void {
  for (let shift = count - 1; shift >= 0; shift -= 1) bytes.push(Math.floor(value / 2 ** (8 * shift)) & 0xff);
}

/** Several positions, or cursors, as one cursor. */
export function joinPositions(positions: Iterable<string>): string {
  return [...positions].join(SEPARATOR);
}

/** What a cursor says, by {@link channelHash}. */
export type CursorPositions = ReadonlyMap<string, Position>;

/** Reads a cursor. Undefined where any part of it is not one of ours or it is too long; the empty text is an empty cursor. */
export function decodeCursor(text: string): CursorPositions | undefined {
  const positions = new Map<string, Position>();
  if (text === '') return positions;
  if (text.length > MAX_CURSOR_LENGTH) return undefined;
  for (const part of text.split(SEPARATOR)) {
    const position = decodePosition(part);
    if (position === undefined) return undefined;
    positions.set(part.slice(0, HASH_LENGTH), position);
  }
  return positions;
}

function decodePosition(part: string): Position | undefined {
  if (part.length !== POSITION_LENGTH) return undefined;
  const bytes = fromBase64Url(part);
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer, 6);
  return {
    epoch: view.getBigUint64(0).toString(16).padStart(16, '0'),
    offset: view.getUint16(8) * 2 ** 32 + view.getUint32(10),
    tag: view.getUint32(14),
  };
}

/** A document's version: its channel's epoch and offset, as text. Opaque to clients. */
export function encodeVersion(position: Pick<Position, 'epoch' | 'offset'>): string {
  return `${position.epoch}-${position.offset}`;
}

/** Reads a version; undefined where it is not one of ours. */
export function decodeVersion(text: string): Pick<Position, 'epoch' | 'offset'> | undefined {
  const [epoch = '', offset = '', ...rest] = text.split('-');
  if (rest.length > 0 || !EPOCH.test(epoch) || !/^(0|[1-9]\d{0,14})$/.test(offset)) return undefined;
  return { epoch, offset: Number(offset) };
}
