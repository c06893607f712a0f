-- ARGV: consumer, then entries. Resets the idle time of those that are the consumer's; answers which those are.
-- A plain XCLAIM to oneself would steal an entry back from whoever has reclaimed it.
local mine = {}
group()
for i = 2, #ARGV do
  if owner(ARGV[i]) == ARGV[1] then
    c('XCLAIM', jobs, G, ARGV[1], 0, ARGV[i], 'JUSTID')
    mine[#mine + 1] = ARGV[i]
  end
end
return mine
