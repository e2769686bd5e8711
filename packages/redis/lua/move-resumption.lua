-- Moves the end of a chain of resume tokens where a token is the one that was handed out last.
--
-- KEYS[1] chain, a hash: see resume.lua
-- ARGV[1] the token's hash  [2] when the chain vanishes, ms since 1970
-- Reply: nothing of interest

local successors = redis.call('HGET', KEYS[1], 'successors')
if not successors or string.match(successors, '%S+$') ~= ARGV[1] then return 0 end
return redis.call('PEXPIREAT', KEYS[1], ARGV[2])
