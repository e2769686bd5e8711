-- Commits a change of a document: checks, writes, appends the patch to its log and publishes it, in one step. A refused commit
-- changes nothing, and one that changes nothing makes no entry. The cost depends on the fields that are named.
--
-- KEYS[1] log  KEYS[2] entries  KEYS[3] pub/sub channel  KEYS[4] tombstones  KEYS[5] where what is removed is kept, a hash; left out: nowhere
-- ARGV[1] history size  [2] history ttl, ms  [3] log ttl, ms  [4] PUBLISH or SPUBLISH  [5] '1' for a retry
-- [6] tag  [7] operation id  [8] HEAD  [9] the version it must have: '' any, 'none', or
-- EPOCH-OFFSET  [10] flags: 'l' it must be loaded, 'u' it must not be, 's' it is saved by this  [11] how long what is removed is kept, ms
-- [12] number of field checks, then for each: name, version as in [9]
-- then the number of fields to set, and for each: name, its JSON text, value
-- then the number of fields to remove, and for each: name, its JSON text
-- then '1' where it must exist, most fields and most bytes that it may grow to
-- Reply: { 'ok', epoch, OFFSET-TAG, '1' where something changed }, { 'fields' or 'bytes', how many it would have } where that is too many,
-- or { 'conflict', epoch, OFFSET-TAG, '1' where it exists, name, 'OFFSET VALUE' or '', … }, or the same with 'unloaded' where it had to be
-- loaded

local position = 12
local function take()
  position = position + 1
  return ARGV[position - 1]
end
local function take_list(width)
  local list = {}
  for i = 1, tonumber(take()) do
    list[i] = {}
    for k = 1, width do list[i][k] = take() end
  end
  return list
end
local checks, sets, removals = take_list(2), take_list(3), take_list(2)
local must_exist, max_fields, max_bytes = take() == '1', tonumber(take()), tonumber(take())

local time = redis.call('TIME')
local epoch, last, expiry, fields = open_log(KEYS[1], KEYS[2], ARGV[6], time)
local offset = tonumber(string.match(last, '^%d+'))

-- A log without a document may have been born here.
local function keep_alive()
  if fields == 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
end

-- What is stored for each named field, read at once.
local stored = {}
local names = {}
for _, list in ipairs({ checks, sets, removals }) do
  for _, item in ipairs(list) do names[#names + 1] = item[1] end
end
for i = 1, #names, 1000 do
  local keys = {}
  for k = i, math.min(i + 999, #names) do keys[#keys + 1] = 'f:' .. names[k] end
  local values = redis.call('HMGET', KEYS[1], unpack(keys))
  for k = 1, #keys do stored[names[i + k - 1]] = values[k] end
end

local function conflict(...)
  keep_alive()
  local reply = { 'conflict', epoch, last, fields > 0 and '1' or '0' }
  for _, list in ipairs({ ... }) do
    for _, item in ipairs(list) do
      reply[#reply + 1] = item[1]
      reply[#reply + 1] = stored[item[1]] or ''
    end
  end
  return reply
end

if ARGV[5] == '1' then
  local id = find_operations(KEYS[2], { [ARGV[7]] = true }, time)[ARGV[7]]
  if id then
    -- Something is written, so that what waits for replicas waits for this.
    redis.call('HSET', KEYS[1], 'p', last)
    return { 'ok', epoch, id, '1' }
  end
end

local must_be_loaded, must_not_be = string.find(ARGV[10], 'l'), string.find(ARGV[10], 'u')
if must_be_loaded or must_not_be then
  local is_loaded = fields > 0 or (last ~= '0-0' and last ~= redis.call('HGET', KEYS[1], 'w'))
  if must_be_loaded and not is_loaded then
    keep_alive()
    return { 'unloaded', epoch, last }
  end
  if must_not_be and is_loaded then return conflict({}) end
end

if ARGV[9] ~= '' then
  local version = epoch .. '-' .. text(offset)
  if ARGV[9] ~= version and not (fields == 0 and ARGV[9] == 'none') then return conflict(sets, removals) end
end
if must_exist and fields == 0 then return conflict(sets, removals) end

-- A field that is not there has changed when it was removed, as far as that is known.
local function is_unchanged(name, version)
  local value = stored[name]
  if version == 'none' then return not value end
  local its_epoch, its_offset = string.match(version, '^(.*)-(%d+)$')
  its_offset = tonumber(its_offset)
  if its_epoch ~= epoch or its_offset > offset then return false end
  local changed_at = value and string.match(value, '^%d+') or redis.call('ZSCORE', KEYS[4], name)
  return changed_at and tonumber(changed_at) <= its_offset
end

local differing = {}
for _, check in ipairs(checks) do
  if not is_unchanged(check[1], check[2]) then differing[#differing + 1] = check end
end
if #differing > 0 then return conflict(differing) end

local set_text, removed_text, writes, deletes = {}, {}, {}, {}
local next_offset = text(offset + 1)
local is_set = {}
local count = fields
local bytes = tonumber(redis.call('HGET', KEYS[1], 'b') or '0')
local grown = 0
local function bytes_of(name, value)
  return value and #name + #value - string.find(value, ' ', 1, true) or 0
end
for _, item in ipairs(sets) do
  local value = stored[item[1]]
  is_set[item[1]] = true
  if not value or string.sub(value, string.find(value, ' ', 1, true) + 1) ~= item[3] then
    writes[#writes + 1] = { 'f:' .. item[1], next_offset .. ' ' .. item[3] }
    set_text[#set_text + 1] = item[2] .. ':' .. item[3]
    grown = grown + #item[1] + #item[3] - bytes_of(item[1], value)
    if not value then count = count + 1 end
  end
end
for _, item in ipairs(removals) do
  if stored[item[1]] and not is_set[item[1]] then
    deletes[#deletes + 1] = { item[1], stored[item[1]] }
    grown = grown - bytes_of(item[1], stored[item[1]])
    removed_text[#removed_text + 1] = item[2]
    count = count - 1
    stored[item[1]] = false
  end
end
if #writes == 0 and #deletes == 0 then
  keep_alive()
  -- As above: somebody else may have made the change a moment ago.
  redis.call('HSET', KEYS[1], 'p', last)
  return { 'ok', epoch, last, '0' }
end
if count > fields and count > max_fields then
  keep_alive()
  return { 'fields', text(count) }
end
if grown > 0 and bytes + grown > max_bytes then
  keep_alive()
  return { 'bytes', text(bytes + grown) }
end

local body = ARGV[8] .. '\n{"set":{' .. table.concat(set_text, ',') .. '},"del":[' .. table.concat(removed_text, ',') .. ']}'
local id, name, is_new_stream = add_entry(KEYS[2], ARGV[1], last, ARGV[6], time, body)
for _, write in ipairs(writes) do redis.call('HSET', KEYS[1], write[1], write[2]) end
for _, delete in ipairs(deletes) do
  redis.call('HDEL', KEYS[1], 'f:' .. delete[1])
  if KEYS[5] then redis.call('HSET', KEYS[5], 'f:' .. delete[1], delete[2]) end
  redis.call('ZADD', KEYS[4], next_offset, delete[1])
end
if #deletes > 0 then
  redis.call('ZREMRANGEBYRANK', KEYS[4], 0, -1 - ARGV[1])
  redis.call('PEXPIRE', KEYS[4], ARGV[2])
end
if count ~= fields or grown ~= 0 then redis.call('HSET', KEYS[1], 'n', text(count), 'b', text(bytes + grown)) end
if string.find(ARGV[10], 's') then redis.call('HSET', KEYS[1], 'w', id) end
if KEYS[5] then redis.call('PEXPIRE', KEYS[5], ARGV[11]) end
end_log(KEYS[1], KEYS[2], id, expiry, is_new_stream, time, ARGV[2], ARGV[3], true)
if count == 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
elseif fields == 0 then
  redis.call('PERSIST', KEYS[1])
end
drop_old(KEYS[2], ARGV[6], 1, time, ARGV[2])
redis.call(ARGV[4], KEYS[3], epoch .. '\n' .. id .. ' ' .. name .. body)
return { 'ok', epoch, id, '1' }
