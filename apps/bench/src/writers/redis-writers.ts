import { Redis } from 'ioredis';
import { messageOf } from '../message.js';
import { CHANNELS, type DocumentSize, fieldName, fieldValue, newFields, type Writer } from './writer.js';

const TTL_S = 30;
const XADD_AND_PUBLISH = `
  local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', 1000, '*', 'd', ARGV[1])
  redis.call('PUBLISH', KEYS[2], ARGV[1])
  redis.call('EXPIRE', KEYS[1], ARGV[2])
  return id`;
const HSET = `return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])`;

interface Scripts {
  xaddAndPublish(log: string, channel: string, text: string, ttl: number): Promise<string>;
  hset1(key: string, field: string, value: string): Promise<number>;
}

/** ioredis, which sends together what a tick brings. */
function client(url: string): Redis & Scripts {
  const redis = new Redis(url, { enableAutoPipelining: true });
  redis.defineCommand('xaddAndPublish', { numberOfKeys: 2, lua: XADD_AND_PUBLISH });
  redis.defineCommand('hset1', { numberOfKeys: 1, lua: HSET });
  return redis as unknown as Redis & Scripts;
}

const keysOf = (index: number): [log: string, channel: string] => [
  `log:${index % CHANNELS}`,
  `live:${index % CHANNELS}`,
];
const text = (index: number): string => JSON.stringify(messageOf(index));

function luaPublisher(url: string): Writer {
  const redis = client(url);
  return { write: (index) => redis.xaddAndPublish(...keysOf(index), text(index), TTL_S) };
}

function threeCommandPublisher(url: string): Writer {
  const redis = client(url);
  return {
    write: (index) => {
      const [log, channel] = keysOf(index);
      const data = text(index);
      return Promise.all([
        redis.xadd(log, 'MAXLEN', '~', 1_000, '*', 'd', data),
        redis.publish(channel, data),
        redis.expire(log, TTL_S),
      ]);
    },
  };
}

function twoTripPublisher(url: string): Writer {
  const redis = client(url);
  return {
    async write(index) {
      const [log, channel] = keysOf(index);
      const data = text(index);
      await redis.xadd(log, 'MAXLEN', '~', 1_000, '*', 'd', data);
      await redis.publish(channel, data);
    },
  };
}

function barePublisher(url: string): Writer {
  const redis = client(url);
  return { write: (index) => redis.publish(keysOf(index)[1], text(index)) };
}

/** A map in the process, written whole: a second writer's change would be lost. */
function wholeMapWriter(url: string, size: DocumentSize): Writer {
  const redis = client(url);
  const map = newFields(size);
  return {
    write: (index) => {
      map[fieldName(index)] = fieldValue(index);
      return redis.set('document', JSON.stringify(map));
    },
  };
}

function watchWriter(url: string, size: DocumentSize): Writer {
  const redis = new Redis(url);
  return {
    prepare: () => redis.set('document', JSON.stringify(newFields(size))),
    async write(index) {
      await redis.watch('document');
      const map = JSON.parse((await redis.get('document'))!) as Record<string, string>;
      map[fieldName(index)] = fieldValue(index);
      await redis.multi().set('document', JSON.stringify(map)).exec();
    },
  };
}

function hsetWriter(url: string, size: DocumentSize): Writer {
  const redis = client(url);
  return {
    prepare: () => redis.hset('document', newFields(size)),
    write: (index) => redis.hset1('document', fieldName(index), JSON.stringify(fieldValue(index))),
  };
}

export const REDIS_WRITERS = {
  luaPublisher,
  threeCommandPublisher,
  twoTripPublisher,
  barePublisher,
  wholeMapWriter,
  watchWriter,
  hsetWriter,
};
