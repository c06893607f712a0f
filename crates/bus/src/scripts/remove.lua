-- ARGV: job. Takes it out of backlog or stream; the place it frees is filled at once.
remove(ARGV[1])
admit()
return 1
