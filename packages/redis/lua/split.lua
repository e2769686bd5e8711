-- Included where several events were sent as one text. Needs joined and count; sets bodies, their own texts.
bodies = {}
local from = 1
for i = 1, count do
  local to = string.find(joined, '\n', string.find(joined, '\n', from, true) + 1, true) or #joined + 1
  bodies[i] = string.sub(joined, from, to - 1)
  from = to + 1
end
