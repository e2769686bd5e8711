-- Claims a command's id for the caller, or says what became of it.
--
-- KEYS[1] record: "DIGEST NODE", and once it is settled "DIGEST NODE\nREPLY"
-- ARGV[1] digest  [2] node  [3] how long the record is kept, ms
-- Reply: { 'claimed' } or { 'running', node } or { 'settled', reply } or { 'conflict' }

local record = redis.call('GET', KEYS[1])
if not record then
  redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
  return { 'claimed' }
end
local head = string.match(record, '^[^\n]*')
local digest, node = string.match(head, '^(%S+) (.*)$')
if digest ~= ARGV[1] then return { 'conflict' } end
if #head == #record then return { 'running', node } end
return { 'settled', string.sub(record, #head + 2) }
