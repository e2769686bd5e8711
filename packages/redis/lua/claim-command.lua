-- Claims a command's id for the caller, or says what became of it.
--
-- KEYS[1] record: "DIGEST CLAIM NODE", and once it is settled "DIGEST CLAIM NODE\nREPLY"
-- ARGV[1] digest  [2] this claim's own id: what was claimed with it is the caller's, however often it has to ask  [3] node
-- [4] how long the record is kept, ms
-- Reply: { 'claimed' } or { 'running', node } or { 'settled', reply } or { 'conflict' }

local record = redis.call('GET', KEYS[1])
if not record then
  redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. ARGV[3], 'PX', ARGV[4])
  return { 'claimed' }
end
local head = string.match(record, '^[^\n]*')
local digest, claim, node = string.match(head, '^(%S+) (%S+) (.*)$')
if digest ~= ARGV[1] then return { 'conflict' } end
if #head < #record then return { 'settled', string.sub(record, #head + 2) } end
if claim == ARGV[2] then return { 'claimed' } end
return { 'running', node }
