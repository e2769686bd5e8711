-- Included where so many entries (`appended`) were appended: drops some that are too old. Needs entries, time and ttl. The stream's own expiry clears
-- what is idle. As offsets have no holes, the first that is not too old is found by halves: each entry that is read is hashed.
local function is_old(entry)
  return entry and (time[1] - string.match(entry[2][1], ' (%d+)')) * 1000 > ttl + 0
end
local first = redis.call('XRANGE', entries, '-', '+', 'COUNT', 1)[1]
if is_old(first) then
  local old = string.match(first[1], '^%d+') + 0
  local minimum = old + math.max(DROP_AT_LEAST, 2 * appended)
  while minimum - old > 1 do
    local middle = math.floor((old + minimum) / 2)
    local entry = redis.call('XRANGE', entries, string.format('%d', middle), '+', 'COUNT', 1)[1]
    if is_old(entry) then old = middle else minimum = middle end
  end
  redis.call('XTRIM', entries, 'MINID', string.format('%d', minimum))
end
