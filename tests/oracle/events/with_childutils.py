"""An event listener with Supervisor's childutils: it gets the information of each process that sends
a message.

    with_childutils.py FILE
"""

import os
import sys

from supervisor import childutils


def main():
    rpc = childutils.getRPCInterface(os.environ)
    while True:
        headers, payload = childutils.listener.wait(sys.stdin, sys.stdout)
        pheaders, data = childutils.eventdata(payload)
        name = pheaders["groupname"] + ":" + pheaders["processname"]
        info = rpc.supervisor.getProcessInfo(name)
        with open(sys.argv[1], "a") as file:
            file.write(f"{headers['eventname']} {name} {info['statename']} {data}\n")
        childutils.listener.ok(sys.stdout)


main()
