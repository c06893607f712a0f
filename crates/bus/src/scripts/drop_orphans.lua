-- ARGV: the entry to begin behind. Drops delivered entries that are pending for nobody: their consumer was deleted under
-- them, so that nobody can ever settle or reclaim them. Answers {the last entry looked at, or '' at the end; dropped}.
local delivered = group()['last-delivered-id']
local entries = c('XRANGE', jobs, '(' .. ARGV[1], delivered, 'COUNT', BATCH)
local dropped = 0
for _, entry in ipairs(entries) do
  if not owner(entry[1]) then
    drop(entry[1])
    dropped = dropped + 1
  end
end
if dropped > 0 then admit() end
return { #entries == BATCH and entries[#entries][1] or '', dropped }
