-- name: add_key
-- A new key; only the digest of its secret is kept.
INSERT INTO api_key (
    key_id, workspace_no, source_no, name, secret_digest, scopes, ip_ranges, created_us,
    expires_us, revoked_us
)
VALUES (
    :key_id, :workspace_no, :source_no, :name, :secret_digest, :scopes, :ip_ranges, :created_us,
    :expires_us, NULL
);

-- name: key_by_digest
-- The key with this digest, whatever its state.
SELECT k.key_id, k.workspace_no, k.source_no, k.scopes, k.ip_ranges, k.expires_us, k.revoked_us
FROM api_key AS k WHERE k.secret_digest = :secret_digest;

-- name: keys
-- The keys of a workspace, never their secrets.
SELECT k.key_id, k.name, s.name, k.scopes, k.ip_ranges, k.created_us, k.expires_us, k.revoked_us
FROM api_key AS k
LEFT JOIN source AS s ON s.source_no = k.source_no
WHERE k.workspace_no = :workspace_no
ORDER BY k.created_us, k.key_id;

-- name: revoke_key
-- Ends a key; once.
UPDATE api_key SET revoked_us = :revoked_us
WHERE workspace_no = :workspace_no AND key_id = :key_id AND revoked_us IS NULL;
