# Shared by the scripts beside it, which install packages for real in a bare Debian, as root:
# `SUPKIT_BARE_ALSO=target/dist scripts/bare packaging/try/NAME`. Sourced, never run.
export DEBIAN_FRONTEND=noninteractive
dist=$PWD/target/dist

fail() { echo "try: $*" >&2; exit 1; }
step() { echo "try: $*"; }
quiet() { "$@" >/tmp/output 2>&1 || { cat /tmp/output >&2; fail "$* failed"; }; }

# prints TEXT COMMAND...: the command succeeds, and its output contains the text.
prints() {
    expected=$1
    shift
    "$@" >/tmp/output 2>&1 || { cat /tmp/output >&2; fail "$* failed"; }
    grep -q -F -e "$expected" /tmp/output || { cat /tmp/output >&2; fail "$* does not print: $expected"; }
}

# until TEXT COMMAND...: the same, within half a minute.
until_prints() {
    tries=300
    expected=$1
    shift
    until "$@" 2>&1 | grep -q -F -e "$expected"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || { "$@" || true; fail "$* never prints: $expected"; }
        sleep 0.1
    done
}

same() { cmp "$1" "$2" || fail "$1 is not $2"; }
gone() { for path; do [ ! -e "$path" ] || fail "$path is still there"; done; }
# A process that has ended may stay in the list: the first process of the bare system does not collect
# the children of others.
ended() { [ ! -e "/proc/$1/exe" ] || fail "process $1 ($(tr '\0' ' ' <"/proc/$1/cmdline")) still runs"; }
