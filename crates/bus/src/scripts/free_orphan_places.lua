-- ARGV: cursor of the pass, '0' to begin. Gives back the places of jobs that are in neither backlog nor stream, as after an entry
-- was deleted by hand. Returns the next cursor, '0' at the end.
local found = call('HSCAN', places, ARGV[1], 'COUNT', BATCH)
for i = 1, #found[2], 2 do
  if call('HEXISTS', where, found[2][i]) == 0 then free_place(found[2][i]) end
end
return found[1]
