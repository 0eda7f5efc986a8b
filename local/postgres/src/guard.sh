# Runs one server, PostgreSQL or PgBouncer, for as long as its owner lives: started as
#   sh -c "$(cat guard.sh)" guard PROGRAM FOLDER temporary|kept ARGUMENTS...
# with standard input a pipe that only the owner holds. The end of that pipe is the order to stop, be it
# that the owner asked or was killed; the line "restart" is a crash, and a new server on the same data.
# Prints the process id of each server that it starts and, if one ends unasked, the last lines of its log.
# POSIX sh: dash, bash, BusyBox and the sh of macOS all run it.
program=$1 folder=$2 storage=$3
shift 3
log=$folder/server.log
child='' asked=0 again='' status=0

# A dead owner must not take this shell along before it has stopped the server.
trap '' PIPE HUP

# Asked again every second: a server that has not set up its signal handlers loses the first one.
stop() {
    asked=$((asked + 1))
    signal=INT
    [ "$asked" -le 15 ] || signal=QUIT
    [ "$asked" -le 25 ] || signal=KILL
    # Its other signals mean another thing in each version, and it keeps nothing that could be lost.
    [ "${program##*/}" != pgbouncer ] || signal=KILL
    [ -z "$child" ] || kill -s "$signal" "$child" 2>/dev/null
}
trap stop USR1 TERM INT
trap 'again=yes; [ -z "$child" ] || kill -s QUIT "$child" 2>/dev/null' USR2

exec 3<&0 </dev/null
(
    while read -r order && [ "$order" = restart ]; do
        kill -s USR2 $$
    done <&3
    while kill -s USR1 $$ 2>/dev/null; do
        sleep 1
    done
) >/dev/null 2>&1 &
watcher=$!
exec 3<&-

# Waits for the child, however many signals cut the wait short, and leaves its exit status in `status`.
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
    # Made beside its place and moved there, so that a folder named data is never half made.
    for locale in C.UTF-8 C; do
        [ "$asked" -eq 0 ] || break
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

while [ "$asked" -eq 0 ] && [ "$status" -eq 0 ]; do
    again=''
    "$program" "$@" >>"$log" 2>&1 &
    child=$!
    echo "$child"
    [ "$asked" -eq 0 ] || stop
    finish
    [ -z "$again" ] || status=0
    [ -n "$again" ] || break
done

kill "$watcher" 2>/dev/null
[ "$asked" -ne 0 ] || tail -n 20 "$log" 2>/dev/null
[ "$storage" = kept ] || rm -rf "$folder"
exit "$status"
