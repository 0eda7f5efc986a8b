# Runs one server, PostgreSQL or PgBouncer, until its owner ends:
#   sh -c "$(cat guard.sh)" guard PROGRAM FOLDER temporary|kept ARGUMENTS...
# Standard input is a pipe that only the owner holds. The server stops when the pipe closes, because the
# owner closed it or was killed. The line "restart" crashes the server and starts it on the same data.
# Prints the process id of each server, and the last lines of the log of one that ends unexpectedly.
# POSIX sh: dash, bash, BusyBox and the sh of macOS all run it.
program=$1 folder=$2 storage=$3
shift 3
log=$folder/server.log
child='' stops=0 restart='' status=0

# The end of the owner must not end this shell before it has stopped the server.
trap '' PIPE HUP

# Repeated every second: a server without its signal handlers loses the first signal.
stop() {
    stops=$((stops + 1))
    signal=INT
    [ "$stops" -le 15 ] || signal=QUIT
    [ "$stops" -le 25 ] || signal=KILL
    # The meaning of other signals differs between versions, and PgBouncer has no data to lose.
    [ "${program##*/}" != pgbouncer ] || signal=KILL
    [ -z "$child" ] || kill -s "$signal" "$child" 2>/dev/null
}
trap stop USR1 TERM INT
trap 'restart=yes; [ -z "$child" ] || kill -s QUIT "$child" 2>/dev/null' USR2

exec 3<&0 </dev/null
(
    while read -r command && [ "$command" = restart ]; do
        kill -s USR2 $$
    done <&3
    while kill -s USR1 $$ 2>/dev/null; do
        sleep 1
    done
) >/dev/null 2>&1 &
watcher=$!
exec 3<&-

# Waits for the child, even if signals interrupt the wait, and sets `status` to its exit status.
finish() {
    while :; do
        wait "$child"
        status=$?
        kill -0 "$child" 2>/dev/null || break
    done
    child=''
}

if [ "${program##*/}" = postgres ] && [ ! -e "$folder/data/PG_VERSION" ]; then
    sync=''
    [ "$storage" = kept ] || sync=--no-sync
    # Created under another name and renamed, so that a folder named data is always complete.
    for locale in C.UTF-8 C; do
        [ "$stops" -eq 0 ] || break
        rm -rf "$folder/data.new"
        "${program%/*}/initdb" --pgdata="$folder/data.new" --username=tributary --pwfile="$folder/password" \
            --auth=scram-sha-256 --encoding=UTF8 --locale="$locale" --no-instructions $sync \
            >>"$log" 2>&1 &
        child=$!
        finish
        [ "$status" -ne 0 ] || break
    done
    [ "$status" -ne 0 ] || mv "$folder/data.new" "$folder/data" || status=1
    [ "$storage" = kept ] || rm -f "$folder/password"
fi

while [ "$stops" -eq 0 ] && [ "$status" -eq 0 ]; do
    restart=''
    "$program" "$@" >>"$log" 2>&1 &
    child=$!
    echo "$child"
    [ "$stops" -eq 0 ] || stop
    finish
    [ -z "$restart" ] || status=0
    [ -n "$restart" ] || break
done

kill "$watcher" 2>/dev/null
[ "$stops" -ne 0 ] || tail -n 20 "$log" 2>/dev/null
[ "$storage" = kept ] || rm -rf "$folder"
exit "$status"
