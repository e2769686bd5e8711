-- Commits a change of a document: checks, writes, appends the patch to its log and publishes it, in one step. A refused commit
-- changes nothing, and one that changes nothing makes no entry. The cost depends on the fields that are named; a call costs more than what it
-- reads or writes, so there are as few as can be.
--
-- KEYS[1] log  KEYS[2] entries  KEYS[3] pub/sub channel  KEYS[4] tombstones, where fields are checked or removed
-- KEYS[5] where what is removed is kept, a hash; left out: nowhere
-- ARGV[1] history size  [2] history ttl, ms  [3] log ttl, ms  [4] PUBLISH or SPUBLISH  [5] for a retry how many ms ago it
-- may have run at most, or 0 where that is not known, and the operation id; else ''
-- [6] tag  [7] HEAD  [8] the version it must have: '' any, 'none', or EPOCH-OFFSET  [9] flags: 'l' it must be loaded, 'u' it must not be,
-- 's' it is saved by this, 'e' it must exist  [10] most fields and [11] most bytes that it may grow to
-- [12] number of field checks, then for each: name, version as in [8]
-- then the number of fields to set, and for each: name, its JSON text, value
-- then the number of fields to remove, and for each: name, its JSON text
-- Reply: "EPOCH OFFSET-TAG" where something has changed; else { 'unchanged', epoch, OFFSET-TAG },
-- { 'conflict', epoch, OFFSET-TAG, '1' where it exists, name, 'OFFSET VALUE' or '', … }, { 'unloaded', epoch, OFFSET-TAG } where it had to be
-- loaded, { 'unknown' } where it cannot be told any more whether a retry has run, or { 'fields' or 'bytes', how many it would have } where that is too many
--
-- What is removed is kept for so long, in ms: a week.
local REMOVED_TTL = 604800000
-- Most arguments that are handed to one call: Lua's stack holds some thousands. An even number, for pairs.
local MOST_ARGUMENTS = 1000

-- Where each list begins in ARGV, after its length.
local checks = 13
local sets = checks + 2 * ARGV[checks - 1] + 1
local removals = sets + 3 * ARGV[sets - 1] + 1
local finish = removals + 2 * ARGV[removals - 1]

local function call_with(command, key, arguments)
  for i = 1, #arguments, MOST_ARGUMENTS do
    redis.call(command, key, unpack(arguments, i, math.min(i + MOST_ARGUMENTS - 1, #arguments)))
  end
end

-- The log's own fields and what is stored for each named one, read at once.
local asked = { 'e', 'p', 'x', 'n', 'b', 'w' }
local first_named = #asked + 1
for i = checks, sets - 2, 2 do asked[#asked + 1] = 'f:' .. ARGV[i] end
for i = sets, removals - 2, 3 do asked[#asked + 1] = 'f:' .. ARGV[i] end
for i = removals, finish - 1, 2 do asked[#asked + 1] = 'f:' .. ARGV[i] end
local held = redis.call('HMGET', KEYS[1], unpack(asked, 1, math.min(MOST_ARGUMENTS, #asked)))
for from = MOST_ARGUMENTS + 1, #asked, MOST_ARGUMENTS do
  local more = redis.call('HMGET', KEYS[1], unpack(asked, from, math.min(from + MOST_ARGUMENTS - 1, #asked)))
  for i = 1, #more do held[from + i - 1] = more[i] end
end
local stored = {}
for i = first_named, #asked do stored[asked[i]] = held[i] end

local time = redis.call('TIME')
local log, entries, tag, ttl = KEYS[1], KEYS[2], ARGV[6], ARGV[2]
local epoch, last, expiry, saved_at = held[1], held[2], held[3], held[6]
local fields = tonumber(held[4] or '0')
if not epoch then
  --- @include begin-log
end
local offset = tonumber(string.match(last, '^%d+'))

-- A log without a document may have been born here.
local function keep_alive(fields)
  if fields == 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
end

if ARGV[5] ~= '' then
  local since, operation = string.match(ARGV[5], '^(%d+) (.*)$')
  local found, is_certain = find_operations(entries, { [operation] = true }, time, since + 0)
  if found[operation] then
    -- Something is written, so that what waits for replicas waits for this.
    redis.call('HSET', log, 'p', last)
    return epoch .. ' ' .. found[operation]
  end
  if not is_certain then
    keep_alive(fields)
    return { 'unknown' }
  end
end

-- Names of fields that a refused commit tells of.
local conflict, must_exist, is_saved
if ARGV[9] ~= '' then
  must_exist, is_saved = string.find(ARGV[9], 'e'), string.find(ARGV[9], 's')
  local must_be_loaded, must_not_be = string.find(ARGV[9], 'l'), string.find(ARGV[9], 'u')
  local is_loaded = fields > 0 or (last ~= '0-0' and last ~= saved_at)
  if must_be_loaded and not is_loaded then
    keep_alive(fields)
    return { 'unloaded', epoch, last }
  end
  if must_not_be and is_loaded then conflict = {} end
end

local is_elsewhere = ARGV[8] ~= '' and ARGV[8] ~= epoch .. '-' .. string.format('%d', offset) and not (fields == 0 and ARGV[8] == 'none')
if not conflict and (is_elsewhere or (must_exist and fields == 0)) then
  conflict = {}
  for i = sets, removals - 2, 3 do conflict[#conflict + 1] = ARGV[i] end
  for i = removals, finish - 1, 2 do conflict[#conflict + 1] = ARGV[i] end
end

if not conflict and sets - 2 >= checks then
  -- A field that is not there has changed when it was removed, as far as that is known.
  local function is_unchanged(name, version)
    local value = stored['f:' .. name]
    if version == 'none' then return not value end
    local its_epoch, its_offset = string.match(version, '^(.*)-(%d+)$')
    its_offset = tonumber(its_offset)
    if its_epoch ~= epoch or its_offset > offset then return false end
    local changed_at = value and string.match(value, '^%d+') or redis.call('ZSCORE', KEYS[4], name)
    return changed_at and tonumber(changed_at) <= its_offset
  end
  local differing = {}
  for i = checks, sets - 2, 2 do
    if not is_unchanged(ARGV[i], ARGV[i + 1]) then differing[#differing + 1] = ARGV[i] end
  end
  if #differing > 0 then conflict = differing end
end

if conflict then
  keep_alive(fields)
  local reply = { 'conflict', epoch, last, fields > 0 and '1' or '0' }
  for _, name in ipairs(conflict) do
    reply[#reply + 1] = name
    reply[#reply + 1] = stored['f:' .. name] or ''
  end
  return reply
end

-- What is written to the log: its new end first, which is known later.
local writes, set_text = { 'p', false }, {}
local next_offset = string.format('%d', offset + 1)
local count, grown = fields, 0
for i = sets, removals - 2, 3 do
  local key, value = 'f:' .. ARGV[i], ARGV[i + 2]
  local before = stored[key]
  local space = before and string.find(before, ' ', 1, true)
  if not before or #before ~= space + #value or string.sub(before, space + 1) ~= value then
    writes[#writes + 1] = key
    writes[#writes + 1] = next_offset .. ' ' .. value
    set_text[#set_text + 1] = ARGV[i + 1] .. ':' .. value
    grown = grown + #value - (before and #before - space or -#ARGV[i])
    if not before then count = count + 1 end
  end
  stored[key] = nil
end

local removed_text, deleted, tombstones, kept = ''
if finish > removals then
  local names = {}
  deleted, tombstones, kept = {}, {}, {}
  for i = removals, finish - 1, 2 do
    local key = 'f:' .. ARGV[i]
    local before = stored[key]
    if before then
      deleted[#deleted + 1] = key
      tombstones[#tombstones + 1] = next_offset
      tombstones[#tombstones + 1] = ARGV[i]
      kept[#kept + 1] = key
      kept[#kept + 1] = before
      names[#names + 1] = ARGV[i + 1]
      grown = grown - #ARGV[i] - #before + string.find(before, ' ', 1, true)
      count = count - 1
    end
  end
  removed_text = table.concat(names, ',')
end

if #writes == 2 and removed_text == '' then
  keep_alive(fields)
  -- As above: somebody else may have made the change a moment ago.
  redis.call('HSET', log, 'p', last)
  return { 'unchanged', epoch, last }
end
if count > fields and count > tonumber(ARGV[10]) then
  keep_alive(fields)
  return { 'fields', string.format('%d', count) }
end
if grown ~= 0 then
  local bytes = (held[5] or 0) + grown
  if grown > 0 and bytes > tonumber(ARGV[11]) then
    keep_alive(fields)
    return { 'bytes', string.format('%d', bytes) }
  end
  writes[#writes + 1] = 'b'
  writes[#writes + 1] = string.format('%d', bytes)
end
if count ~= fields then
  writes[#writes + 1] = 'n'
  writes[#writes + 1] = string.format('%d', count)
end

local body = ARGV[7] .. '\n{"set":{' .. table.concat(set_text, ',') .. '},"del":[' .. removed_text .. ']}'
local id, name = next_offset .. '-' .. tag, last .. ' ' .. time[1] .. ' ' .. time[2] .. ' '
local size, is_new_stream = ARGV[1], false
offset = offset + 1
--- @include add-entry
writes[2] = id
if is_saved then
  writes[#writes + 1] = 'w'
  writes[#writes + 1] = id
end
if is_new_stream or not expiry or time[1] >= expiry then
  --- @include move-expiry
  writes[#writes + 1] = 'x'
  writes[#writes + 1] = expiry
end
call_with('HSET', log, writes)
if removed_text ~= '' then
  call_with('HDEL', log, deleted)
  call_with('ZADD', KEYS[4], tombstones)
  redis.call('ZREMRANGEBYRANK', KEYS[4], 0, -1 - ARGV[1])
  redis.call('PEXPIRE', KEYS[4], ARGV[2])
  if KEYS[5] then
    call_with('HSET', KEYS[5], kept)
    redis.call('PEXPIRE', KEYS[5], REMOVED_TTL)
  end
end
if count == 0 then
  redis.call('PEXPIRE', log, ARGV[3])
elseif fields == 0 then
  redis.call('PERSIST', log)
end
if offset % DROP_EVERY == 0 then
  local appended = 1
  --- @include drop-old
end
redis.call(ARGV[4], KEYS[3], epoch .. '\n' .. name .. tag .. '\n' .. body)
return epoch .. ' ' .. id
