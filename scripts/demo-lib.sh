# Shared by `demo` and `demo-plone`, with lib.sh before it; sourced, never run. They set $cache, a directory
# in which eggs are kept for the next demo, and $dir by claim_directory.
PROFILE=${PROFILE:-quick}
# Not in the environment of what is run: the scripts of Zope's instances would run that Python.
python=$PYTHON
unset PYTHON
PYTHON=$python
supkit=$PWD/target/$PROFILE/supkit
[ "$PROFILE" != dev ] || supkit=$PWD/target/debug/supkit
compiler_log=target/demo-cargo.log

# What runs in the background ends with the script.
compiler=
buildout=
clean_up() {
    for job in $compiler $buildout; do kill "$job" 2>/dev/null || true; done
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

begin_compiling() {
    mkdir -p target
    $CARGO build --locked --profile "$PROFILE" >"$compiler_log" 2>&1 &
    compiler=$!
}

end_compiling() {
    wait "$compiler" || {
        cat "$compiler_log" >&2
        die "supkit does not compile"
    }
    compiler=
    rm "$compiler_log"
}

# claim_directory DIR KIND: an empty directory, or that of an earlier demo of this kind.
claim_directory() {
    dir=$1
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd -P)
    marker=$dir/.supkit-demo
    if [ ! -e "$marker" ]; then
        [ -z "$(ls -A "$dir")" ] || die "$dir is not empty; choose a new directory: DIR=..."
        echo "$2" | put "$marker"
    fi
    kind=$(cat "$marker")
    [ "${kind:-zope}" = "$2" ] || die "$dir has another demo; choose a new directory: DIR=..."
    chmod a+rx "$dir"
}

# Started by root, varnishd becomes vcache before it reads its VCL.
readable_by_varnish() {
    [ "$(id -u)" -eq 0 ] && id vcache >/dev/null 2>&1 && have runuser || return 0
    runuser -u vcache -- test -r "$dir/etc/varnish.vcl" ||
        die "the user vcache cannot read $dir/etc/varnish.vcl: let others enter the directories above it"
}

# build_parts NUMBER COMMAND...: runs the command, which calls buildout, and prints how many of about so many
# packages are there.
build_parts() {
    wanted=$1
    shift
    take_eggs
    "$@" >"$dir/buildout.log" 2>&1 &
    buildout=$!
    show_progress
    result=0
    wait "$buildout" || result=$?
    buildout=
    [ "$result" -eq 0 ] || {
        tail -n 20 "$dir/buildout.log" >&2
        die "buildout failed; its output is in $dir/buildout.log"
    }
    touch "$dir/.buildout-done"
    keep_eggs
}

show_progress() {
    seconds=0
    while kill -0 "$buildout" 2>/dev/null; do
        sleep 1
        seconds=$((seconds + 1))
        [ $((seconds % 10)) -ne 0 ] ||
            note "  $seconds s: $(find "$dir/eggs" -name '*.egg' -prune 2>/dev/null | wc -l) of about $wanted Python packages"
    done
}

# A copy gets its name when it is whole.
copy_eggs() {
    rm -rf "$2.part"
    cp -a "$1" "$2.part"
    mv "$2.part" "$2"
}

take_eggs() {
    if [ -d "$cache/eggs" ] && [ ! -d "$dir/eggs" ]; then copy_eggs "$cache/eggs" "$dir/eggs"; fi
}

keep_eggs() {
    [ ! -d "$cache/eggs" ] && [ -d "$dir/eggs" ] || return 0
    mkdir -p "$cache"
    copy_eggs "$dir/eggs" "$cache/eggs"
}
