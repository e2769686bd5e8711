-- Stores a session where its sid is free.
--
-- KEYS[1] session, a hash
-- ARGV[1] '1' where this may have been done before: then what it stores is no other session's
-- [2] when the record vanishes, ms since 1970  [3..] field, value, …
-- Reply: 1, or 0 where the sid is taken

if redis.call('EXISTS', KEYS[1]) == 1 then
  return ARGV[1] == '1' and holds(KEYS[1], 3) and 1 or 0
end
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
redis.call('PEXPIREAT', KEYS[1], ARGV[2])
return 1
