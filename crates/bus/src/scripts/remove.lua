-- ARGV: job. Removes it from the backlog or the stream, then admits others.
remove(ARGV[1])
admit()
return 1
