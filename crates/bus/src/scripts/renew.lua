-- ARGV: consumer, entries… Resets the idle time of the entries that the consumer holds; returns these.
-- The holder is checked first, because a plain XCLAIM would take an entry back from a consumer that has reclaimed it.
local renewed = {}
group()
for i = 2, #ARGV do
  if holder_of(ARGV[i]) == ARGV[1] then
    call('XCLAIM', jobs, GROUP, ARGV[1], 0, ARGV[i], 'JUSTID')
    renewed[#renewed + 1] = ARGV[i]
  end
end
return renewed
