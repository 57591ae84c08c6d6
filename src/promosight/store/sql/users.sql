-- name: add_user
-- A new user; an email that is taken, in any workspace, is left alone.
INSERT INTO app_user (
    email, workspace_no, name, role, password_hash, created_us, last_seen_us
)
VALUES (:email, :workspace_no, :name, :role, :password_hash, :created_us, NULL)
ON CONFLICT (email) DO NOTHING;

-- name: user
-- One user by email, of whatever workspace.
SELECT email, workspace_no, name, role, password_hash, created_us, last_seen_us
FROM app_user WHERE email = :email;

-- name: users
-- The users of a workspace.
SELECT email, workspace_no, name, role, password_hash, created_us, last_seen_us
FROM app_user WHERE workspace_no = :workspace_no ORDER BY email;

-- name: hold_users
-- Changes nothing, but keeps others from changing or removing the users of a workspace until the transaction ends.
UPDATE app_user SET role = role WHERE workspace_no = :workspace_no;

-- name: change_user
-- What an admin may change of a user; NULL stays as it is.
UPDATE app_user
SET name = COALESCE(CAST(:name AS TEXT), name), role = COALESCE(CAST(:role AS TEXT), role),
    password_hash = COALESCE(CAST(:password_hash AS TEXT), password_hash)
WHERE workspace_no = :workspace_no AND email = :email;

-- name: change_password
-- A new password, unless the old one was changed meanwhile.
UPDATE app_user SET password_hash = :new_hash
WHERE email = :email AND password_hash = :password_hash;

-- name: remove_user
-- A user goes; their email is free again.
DELETE FROM app_user WHERE workspace_no = :workspace_no AND email = :email;

-- name: see_user
-- Notes that a user is there, unless their password was changed since it was compared.
UPDATE app_user SET last_seen_us = :now_us
WHERE email = :email AND password_hash = :password_hash;

-- name: add_session
-- A browser signs in.
INSERT INTO user_session (token_digest, email, secure, created_us, touched_us, expires_us)
VALUES (:token_digest, :email, :secure, :now_us, :now_us, :expires_us);

-- name: session
-- A session by the digest of its token, with whose it is.
SELECT s.token_digest, s.secure, s.touched_us, s.expires_us,
       u.email, u.workspace_no, u.name, u.role
FROM user_session AS s
JOIN app_user AS u ON u.email = s.email
WHERE s.token_digest = :token_digest;

-- name: touch_session
-- A session is in use, and lasts longer for it; noted now and then.
UPDATE user_session SET touched_us = :now_us, expires_us = :expires_us
WHERE token_digest = :token_digest AND touched_us <= :stale_us;

-- name: touch_user
-- Notes that the user of a session is there.
UPDATE app_user SET last_seen_us = :now_us
WHERE email = (SELECT s.email FROM user_session AS s WHERE s.token_digest = :token_digest);

-- name: end_session
-- A browser signs out.
DELETE FROM user_session WHERE token_digest = :token_digest;

-- name: end_sessions_of
-- A user is signed out everywhere.
DELETE FROM user_session WHERE email = :email;

-- name: end_old_sessions
-- Forgets the sessions that are over.
DELETE FROM user_session WHERE expires_us <= :now_us;
