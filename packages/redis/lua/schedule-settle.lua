-- Takes out an id that was claimed, or puts it at so many milliseconds from now, where nobody has set it since.
--
-- KEYS[1] schedule
-- ARGV[1] id  [2] until when it was claimed  [3] ms, or '' to take it out
-- Reply: 1, or 0 where somebody has

local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) ~= tonumber(ARGV[2]) then return 0 end
if ARGV[3] == '' then return redis.call('ZREM', KEYS[1], ARGV[1]) end
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[3]), ARGV[1])
return 1
