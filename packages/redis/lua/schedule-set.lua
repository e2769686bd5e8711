-- Puts an id at so many milliseconds from now.
--
-- KEYS[1] schedule, a sorted set of ids by time, ms since 1970
-- ARGV[1] id  [2] ms
-- Reply: 1

local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2]), ARGV[1])
return 1
