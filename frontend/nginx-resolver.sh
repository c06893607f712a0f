#!/bin/sh
# Tells nginx which name server to ask for addresses that may change while it runs: the container's own.
set -eu
servers=$(awk '$1 == "nameserver" { print ($2 ~ /:/) ? "[" $2 "]" : $2 }' /etc/resolv.conf | tr '\n' ' ')
if [ -n "$servers" ]; then
  echo "resolver ${servers}valid=5s;" >/etc/nginx/conf.d/resolver.conf
fi
