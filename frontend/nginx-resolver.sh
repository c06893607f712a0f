#!/bin/sh
# Points nginx at the container's own name servers, so that upstream addresses are resolved again while it runs.
set -eu
servers=$(awk '$1 == "nameserver" { print ($2 ~ /:/) ? "[" $2 "]" : $2 }' /etc/resolv.conf | tr '\n' ' ')
if [ -n "$servers" ]; then
  echo "resolver ${servers}valid=5s;" >/etc/nginx/conf.d/resolver.conf
fi
