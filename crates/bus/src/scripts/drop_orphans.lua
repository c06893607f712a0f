-- ARGV: the entry to start after. Drops delivered entries that no consumer holds: their consumer was deleted, so nobody
-- can acknowledge or reclaim them. Returns {the last entry examined, or '' at the end of the stream; number dropped}.
local delivered = group()['last-delivered-id']
local entries = call('XRANGE', jobs, '(' .. ARGV[1], delivered, 'COUNT', BATCH)
local dropped = 0
for _, entry in ipairs(entries) do
  if not holder_of(entry[1]) then
    drop(entry[1])
    dropped = dropped + 1
  end
end
if dropped > 0 then admit() end
return { #entries == BATCH and entries[#entries][1] or '', dropped }
