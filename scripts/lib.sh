# Shared by the scripts beside it; sourced, never run.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
CARGO=${CARGO:-cargo}
PYTHON=${PYTHON:-python3}

# pip's downloads stay in the checkout, and serve a run that was interrupted.
export PIP_CACHE_DIR="$PWD/target/tools/pip" PIP_DISABLE_PIP_VERSION_CHECK=1

note() { printf 'supkit: %s\n' "$*"; }
die() { printf 'supkit: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# The oldest Python that the pins are tested with is that of Debian 12. It must be able to make a
# virtual environment with pip in it, which Debian ships apart.
python_works() {
    "$PYTHON" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11, 2))' 2>/dev/null
}

# Made anew: a half-made one of an interrupted run must not be taken for whole.
new_venv() {
    rm -rf "$1"
    mkdir -p "$(dirname "$1")"
    "$PYTHON" -m venv "$1"
}

musl=$(uname -m)-unknown-linux-musl
has_musl() { [ -d "$(${RUSTC:-rustc} --print sysroot)/lib/rustlib/$musl" ]; }

# A file appears whole or not at all, whenever this is interrupted: `... | put FILE`.
put() {
    cat >"$1.part"
    mv "$1.part" "$1"
}
