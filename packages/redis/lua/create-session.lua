-- Stores a session where its sid is free.
--
-- KEYS[1] session, a hash
-- ARGV[1] when the record vanishes, ms since 1970  [2..] field, value, …
-- Reply: 1, or 0 where the sid is taken

if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('PEXPIREAT', KEYS[1], ARGV[1])
return 1
