# Completion of supervisorctl for fish. Process names come from the daemon.
function __supervisorctl_names
    set -l given
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    for index in (seq 2 (count $words))
        switch $words[$index]
            case -c --configuration -s --serverurl -u --username -p --password
                set given $given $words[$index] $words[(math $index + 1)]
        end
    end
    supervisorctl $given status </dev/null 2>/dev/null |
        string match --regex --groups-only '^(\S+)\s+(?:STOPPED|STARTING|RUNNING|BACKOFF|STOPPING|EXITED|FATAL|UNKNOWN)\b'
    echo all
end

complete -c supervisorctl -f
@COMPLETE@
complete -c supervisorctl -n '__fish_seen_subcommand_from @NAMING@' -a '(__supervisorctl_names)'
complete -c supervisorctl -n '__fish_seen_subcommand_from help' -a '@ACTIONS@'
