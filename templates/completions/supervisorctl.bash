# Completion of supervisorctl for bash. Process names come from the daemon.
_supervisorctl() {
    # Not COMP_WORDS: bash splits at colons, which URLs and names contain.
    local line=${COMP_LINE:0:COMP_POINT} words current action= daemon=() index=1 word
    read -r -a words <<<"$line"
    [[ $line != *[[:space:]] ]] || words+=("")
    local last=$((${#words[@]} - 1))
    current=${words[last]}
    COMPREPLY=()
    while ((index < last)); do
        word=${words[index]}
        case $word in
        @VALUED@)
            daemon+=("$word" "${words[index + 1]}")
            ((index++))
            ;;
        --*=*) daemon+=("$word") ;;
        -*) ;;
        *)
            action=$word
            break
            ;;
        esac
        ((index++))
    done
    if ((index > last)); then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    elif [[ $action == help ]]; then
        mapfile -t COMPREPLY < <(compgen -W '@ACTIONS@' -- "$current")
    elif [[ -n $action ]]; then
        case $action in
        @NAMING@) ;;
        *) return ;;
        esac
        _supervisorctl_offer "${daemon[@]}"
    elif [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '@OPTIONS@' -- "$current")
    else
        mapfile -t COMPREPLY < <(compgen -W '@ACTIONS@' -- "$current")
    fi
}

# Names contain colons, at which bash usually begins a new word: what comes before is not offered.
_supervisorctl_offer() {
    local line=${COMP_LINE:0:COMP_POINT} name
    local typed=${line##*[[:space:]]} before=
    [[ $COMP_WORDBREAKS != *:* || $typed != *:* ]] || before=${typed%"${typed##*:}"}
    while read -r name; do
        [[ $name != "$typed"* ]] || COMPREPLY+=("${name#"$before"}")
    done < <(_supervisorctl_names "$@" | sort -u)
}

# Processes, their groups and `all`. supervisorctl would read a password from standard input.
_supervisorctl_names() {
    local name state
    echo all
    supervisorctl "$@" status </dev/null 2>/dev/null | while read -r name state _; do
        case $state in
        STOPPED | STARTING | RUNNING | BACKOFF | STOPPING | EXITED | FATAL | UNKNOWN)
            printf '%s\n' "$name"
            [[ $name != *:* ]] || printf '%s:*\n' "${name%%:*}"
            ;;
        esac
    done
}

complete -F _supervisorctl supervisorctl
