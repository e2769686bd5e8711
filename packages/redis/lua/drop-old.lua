-- Included where so many entries (`appended`) were appended: drops some that are too old. Needs entries, time and ttl. The stream's own expiry clears
-- what is idle.
local function is_old(entry)
  return (time[1] - string.match(entry[2][1], ' (%d+)')) * 1000 > ttl + 0
end
local first = redis.call('XRANGE', entries, '-', '+', 'COUNT', 1)[1]
if first and is_old(first) then
  local minimum
  for _, entry in ipairs(redis.call('XRANGE', entries, '-', '+', 'COUNT', math.max(DROP_AT_LEAST, 2 * appended))) do
    minimum = entry[1]
    if not is_old(entry) then break end
  end
  redis.call('XTRIM', entries, 'MINID', minimum)
end
