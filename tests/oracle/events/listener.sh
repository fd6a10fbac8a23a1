#!/bin/sh
# An event listener without any library: listener.sh FILE
echo READY
while read -r header; do
    len=${header##*len:}
    event=${header##*eventname:}
    payload=$(dd bs=1 count="$len" 2>/dev/null)
    echo "${event%% *} $payload" >>"$1"
    printf 'RESULT 2\nOK'
    echo READY
done
