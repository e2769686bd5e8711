-- Included where there is no log: it is born. Needs log, entries, a random tag and time; sets epoch, which is made of the tag and of the time,
-- and last, what stands for its last entry's id. Entries that were left of an earlier life would make every append fail for ever, so they go.
epoch = string.format('%08x%08x', tag, (time[1] * 1000000 + time[2]) % 4294967296)
last = '0-0'
redis.call('DEL', entries)
redis.call('HSET', log, 'e', epoch, 'p', last)
