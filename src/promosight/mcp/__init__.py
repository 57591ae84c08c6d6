"""The server for assistants (Model Context Protocol): tools that read figures over the public HTTP API, and only read.

`promosight mcp` runs it (`serving`), beside any server. It knows HTTP, the client's problems, and nothing of the rest.
Its table of contents is `tools`. See docs/mcp.md.
"""
