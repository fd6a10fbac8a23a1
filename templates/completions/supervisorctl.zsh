#compdef supervisorctl
# Completion of supervisorctl for zsh. Process names come from the daemon.
_supervisorctl() {
    local curcontext=$curcontext state line
    typeset -A opt_args
    _arguments -C \
@ARGUMENTS@
        '1:action:((@DESCRIBED@))' \
        '*::argument:->arguments'
    [[ $state == arguments ]] || return
    case $line[1] in
    help) compadd -- @ACTIONS@ ;;
    @NAMING@)
        local option given=()
        for option in @VALUED@; do
            [[ -z $opt_args[$option] ]] || given+=($option $opt_args[$option])
        done
        local names=(${(f)"$(supervisorctl $given status </dev/null 2>/dev/null |
            awk '$2 ~ /^(STOPPED|STARTING|RUNNING|BACKOFF|STOPPING|EXITED|FATAL|UNKNOWN)$/ { print $1 }')"})
        local groups=(${(u)${(M)names:#*:*}%%:*})
        compadd -- $names ${^groups}:\* all
        ;;
    esac
}

_supervisorctl "$@"
