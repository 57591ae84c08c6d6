"""What a brand sets up before anything is reported: workspaces, sources, keys, users and their sessions."""
