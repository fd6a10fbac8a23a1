"""The parts of Supervisor's package that other programs import, for systems where supkit supervises.

`python -m supervisor.supervisord`, `supervisorctl`, `pidproxy` and `confecho` run supkit. Event
listeners and XML-RPC clients find what they use: childutils, states, xmlrpc, make_namespec, byte_size.
Plug-ins for Supervisor's own daemon find nothing, as there is no Python in supkit's.
"""
