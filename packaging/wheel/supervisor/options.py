"""Names of processes: `group:process`, or only `process` if both are the same."""

VERSION = "@SUPERVISOR@"


def make_namespec(group_name, process_name):
    same = group_name == process_name
    return process_name if same else "{}:{}".format(group_name, process_name)


def split_namespec(namespec):
    """The group and the process; None for all processes of the group."""
    group, colon, process = namespec.partition(":")
    if not colon:
        return namespec, namespec
    return group, None if process in ("", "*") else process
