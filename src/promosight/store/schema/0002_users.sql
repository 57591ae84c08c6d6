-- People: who may sign in, and the sessions they have open. The conventions are those of 0001.

-- A person of one workspace. The email (trimmed, lower case) is theirs in the whole store, so that signing in
-- asks for no workspace.
CREATE TABLE app_user (
    email TEXT NOT NULL PRIMARY KEY,
    workspace_no BIGINT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    last_seen_us BIGINT
);
CREATE INDEX app_user_workspace ON app_user (workspace_no, email);

-- A browser that is signed in; only the digest of its token is kept. `secure`: it came by https.
CREATE TABLE user_session (
    token_digest TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    secure BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    touched_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL
);
CREATE INDEX user_session_user ON user_session (email);
CREATE INDEX user_session_end ON user_session (expires_us);
