//! HTTP on the wire, without a socket and without XML-RPC.
