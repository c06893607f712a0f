-- No ARGV. Returns how many jobs were admitted.
return admit()
