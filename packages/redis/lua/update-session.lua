-- Changes a session where its secret's hash is still the given one, and it was not revoked.
--
-- KEYS[1] session, a hash
-- ARGV[1] '1' where this may have been done before: then it has been where the session is as it says
-- [2] the hash that must be there  [3..] field, value, …
-- Reply: 1, or 0 where nothing was changed

local before = redis.call('HMGET', KEYS[1], 'secretHash', 'revokedAt')
if before[1] ~= ARGV[2] or before[2] then
  return ARGV[1] == '1' and before[1] and #ARGV > 2 and holds(KEYS[1], 3) and 1 or 0
end
if #ARGV > 2 then redis.call('HSET', KEYS[1], unpack(ARGV, 3)) end
local ends = redis.call('HMGET', KEYS[1], 'revokedAt', 'expiresAt', 'endsAt')
redis.call('PEXPIREAT', KEYS[1], ends[1] and ends[3] or ends[2])
return 1
