-- No ARGV. Answers how many jobs were admitted.
return admit()
