-- Appends new events to channels, to each in order, and publishes them, in one step: otherwise a replay could skip some. Where it fails with
-- one channel it ends: those before it have theirs.
--
-- KEYS for each channel: log, entries, pub/sub channel
-- ARGV[1..4] as in append-events.lua  [5..] for each channel: number of events, the first's tag, and BODY of each, with line breaks between them
-- Reply, a list: for each channel "EPOCH OFFSET-TAG", the last event's

local time = redis.call('TIME')
local stamp = ' ' .. time[1] .. ' ' .. time[2] .. ' '
local replies, arg, ids = {}, 5, nil
for key = 1, #KEYS, 3 do
  local log, entries, live = KEYS[key], KEYS[key + 1], KEYS[key + 2]
  local count, tag, joined, bodies = ARGV[arg] + 0, ARGV[arg + 1], ARGV[arg + 2], nil
  local state = redis.call('HMGET', log, 'e', 'p', 'x')
  local epoch, last, expiry = state[1], state[2], state[3]
  if not epoch then
    --- @include begin-log
  end
  if count > 1 then
    --- @include split
  end
  --- @include append-events
  replies[#replies + 1] = epoch .. ' ' .. last
  arg = arg + 3
end
return replies
