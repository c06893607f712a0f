-- ARGV: job, then for each upstream: name, priority, capacity (0 = no limit), weight. Gives the job a place at the upstream
-- with the lowest priority that has a free one; among several, at the one with the fewest places in use by weight. A place that
-- the job has is given back first. Returns the upstream's name, or '' if no place is free.
free_place(ARGV[1])
local chosen, chosen_priority, chosen_load
for i = 2, #ARGV, 4 do
  local priority, capacity, weight = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  local in_use = tonumber(call('HGET', used, ARGV[i]) or '0')
  local load = (in_use + 1) / weight
  local better = not chosen or priority < chosen_priority or (priority == chosen_priority and load < chosen_load)
  if better and (capacity == 0 or in_use < capacity) then
    chosen, chosen_priority, chosen_load = ARGV[i], priority, load
  end
end
if not chosen then return '' end
call('HSET', places, ARGV[1], chosen)
call('HINCRBY', used, chosen, 1)
return chosen
