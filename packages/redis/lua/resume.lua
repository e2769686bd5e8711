-- Uses a resume token of a chain, and lets a successor follow on it.
--
-- KEYS[1] chain, a hash: sid, secretHash, previous (the token used last), successors (those handed out for it, with spaces between)
-- ARGV[1] the token's hash  [2] the successor's: where it is there already, this has been done  [3] when the chain vanishes, ms since 1970
-- [4] most successors
-- Reply: { sid, secretHash, 'resumed' or 'replayed' }, or nothing where there is no such chain

local sid, secret, previous, known = unpack(redis.call('HMGET', KEYS[1], 'sid', 'secretHash', 'previous', 'successors'))
if not sid then return false end
local function is_known(hash)
  return string.find(' ' .. known .. ' ', ' ' .. hash .. ' ', 1, true)
end
if is_known(ARGV[2]) then return { sid, secret, 'resumed' } end
local successors = ARGV[2]
if not is_known(ARGV[1]) then
  if previous ~= ARGV[1] then return { sid, secret, 'replayed' } end
  successors = known .. ' ' .. ARGV[2]
  local _, spaces = string.gsub(successors, ' ', ' ')
  if spaces >= ARGV[4] + 0 then successors = string.gsub(successors, '^%S+ ', '') end
end
redis.call('HSET', KEYS[1], 'previous', ARGV[1], 'successors', successors)
redis.call('PEXPIREAT', KEYS[1], ARGV[3])
return { sid, secret, 'resumed' }
