-- ARGV: entry, consumer, holder, idle (ms). The consumer reclaimed an entry whose job the holder has on record.
-- The job's only entry must never be dropped: it goes to the holder, unless `where` names another one. How long it counts
-- as idle from then on is the caller's to say: an entry of a dead holder must not wait for another lease.
group()
if owner(ARGV[1]) ~= ARGV[2] then return 0 end
local entry = c('XRANGE', jobs, ARGV[1], ARGV[1])[1]
local value = entry and c('HGET', where, entry[2][2])
if value and split(value) ~= ARGV[1] and real(entry[2][2]) then
  drop(ARGV[1])
else
  c('XCLAIM', jobs, G, ARGV[3], 0, ARGV[1], 'IDLE', ARGV[4], 'JUSTID')
end
return 1
