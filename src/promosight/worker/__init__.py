"""What a server does beside answering: it runs the files that came over HTTP."""
