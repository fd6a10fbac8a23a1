# Shared by the scripts beside it; sourced, never run.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
PYTHON=${PYTHON:-python3}

say() { printf 'supkit: %s\n' "$*"; }
die() { printf 'supkit: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# A Python that can make a virtual environment with pip in it. Debian ships the two apart.
python_works() {
    "$PYTHON" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null
}

install_packages() {
    [ $# -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ] || ! have apt-get; then
        die "please install these packages first: $*"
    fi
    say "installing Debian packages: $*"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q -q update
    apt-get -q -q install --yes --no-install-recommends "$@" >/dev/null
}

# Made anew: a half-made one of an interrupted run must not be taken for whole.
new_venv() {
    rm -rf "$1"
    mkdir -p "$(dirname "$1")"
    "$PYTHON" -m venv "$1"
}
