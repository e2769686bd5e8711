-- Included in append-once.lua for a channel's several events; sets reply, and count: how many of them were new.

-- For each event, what is answered; for one that is new, its place among the new ones, which its key and its operation stand for.
local answers, places, repeated, fresh, place_of, to_record = {}, {}, {}, {}, {}, {}
for i = 1, count do
  local record = KEYS[ARGV[first_record + i - 1] + 0]
  local operation = is_retry and operation_of(bodies[i])
  local id = operation and found[operation] or record and recorded_id(records[record], epoch)
  if id then
    answers[i] = '=' .. id
  elseif not record and not is_certain then
    reply = 'unknown'
    break
  else
    places[i] = record and place_of[record] or operation and place_of[operation]
    repeated[i] = places[i]
    if not places[i] then
      fresh[#fresh + 1] = bodies[i]
      places[i] = #fresh
      if record then place_of[record], to_record[record] = #fresh, #fresh end
      if operation then place_of[operation] = #fresh end
    end
  end
end
if reply then fresh = {} end
if #fresh > 0 and #fresh < count then joined = table.concat(fresh, '\n') end
bodies, count = fresh, #fresh
if count > 0 then
  local ids = {}
  --- @include append-events
  for i, place in pairs(places) do answers[i] = (repeated[i] and '=' or '') .. ids[place] end
  for record, place in pairs(to_record) do
    records[record] = epoch .. ' ' .. ids[place]
    redis.call('SET', record, records[record], 'PX', ARGV[6])
  end
end
reply = reply or epoch .. ' ' .. table.concat(answers, ' ')
