-- Adds a session to its user's, and lets go of those that have ended. The list lives as long as the last of them.
--
-- KEYS[1] sids, a sorted set by when they end, ms since 1970
-- ARGV[1] sid  [2] when it ends
-- Reply: nothing of interest

local time = redis.call('TIME')
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', time[1] .. string.format('%03d', math.floor(time[2] / 1000)))
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('PEXPIREAT', KEYS[1], redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2])
return 1
