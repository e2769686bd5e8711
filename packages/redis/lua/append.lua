-- Appends new events to channels, to each in order, and publishes them, in one step: otherwise a replay could skip some. Where it fails with
-- one channel it ends: those before it have theirs.
--
-- KEYS for each channel: log, entries, pub/sub channel
-- ARGV[1..4] as in append-events.lua  [5..] for each channel: number of events, the first's tag, and BODY of each, with line breaks between them
-- Reply, a list: for each channel "EPOCH OFFSET-TAG", the last event's

local time = redis.call('TIME')
local stamp = ' ' .. time[1] .. ' ' .. time[2] .. ' '
local replies, arg = {}, 5
for key = 1, #KEYS, 3 do
  local tag, joined = ARGV[arg + 1], ARGV[arg + 2]
  local epoch, last, expiry = open_log(KEYS[key], KEYS[key + 1], tag, time)
  last = append_events(key, epoch, last, expiry, time, stamp, tag, split(joined, ARGV[arg]), joined)
  replies[#replies + 1] = epoch .. ' ' .. last
  arg = arg + 3
end
return replies
