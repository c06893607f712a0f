-- ARGV: entry, consumer, holder. The consumer reclaimed an entry whose job the holder has in the database.
-- Gives the entry to the holder, with an idle time of zero; drops it only if `where` names another entry of the job, so that a
-- job's only entry is never lost. Returns 1 unless the entry does not belong to the consumer.
group()
if holder_of(ARGV[1]) ~= ARGV[2] then return 0 end
local entry = call('XRANGE', jobs, ARGV[1], ARGV[1])[1]
local value = entry and call('HGET', where, entry[2][2])
if value and split(value) ~= ARGV[1] and is_present(entry[2][2]) then
  drop(ARGV[1])
else
  call('XCLAIM', jobs, GROUP, ARGV[3], 0, ARGV[1], 'JUSTID')
end
return 1
