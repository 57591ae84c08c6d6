-- Webhooks: where they go, what is to be told and has not been told yet, and what became of each message.

-- `events` are the types wanted, parted by spaces. The secrets are kept as they are: what is sent is signed with them.
-- `former_secret` signs too until `former_until_us`. `disabled` says why nothing is sent ('' while it is enabled).
CREATE TABLE webhook (
    webhook_no BIGINT NOT NULL PRIMARY KEY,
    workspace_no BIGINT NOT NULL,
    webhook_id TEXT NOT NULL,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    events TEXT NOT NULL,
    secret TEXT NOT NULL,
    former_secret TEXT,
    former_until_us BIGINT,
    disabled TEXT NOT NULL,
    failing_since_us BIGINT,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    UNIQUE (workspace_no, webhook_id)
);

-- Which facts one transaction made true, as a list of what identifies them: at most a thousand to a row. Left only where
-- some webhook wants to hear of it. Webhook 0: for all of them. `import_no`: not to be told before that is published.
-- `mark` is a digest of the list, so that a row can be named.
CREATE TABLE announcement (
    workspace_no BIGINT NOT NULL,
    webhook_no BIGINT NOT NULL,
    import_no BIGINT NOT NULL,
    announced_us BIGINT NOT NULL,
    mark BIGINT NOT NULL,
    type TEXT NOT NULL,
    facts TEXT NOT NULL
);
CREATE INDEX announcement_next ON announcement (workspace_no, webhook_no, import_no, announced_us, mark);

-- A message to a webhook. What it says is not kept: it is made of the fact when it is sent. `due_us` is when it is
-- sent next, or when somebody else may send it whom `claim` has not heard the end of; it is given up three days after
-- `begun_us`.
CREATE TABLE webhook_message (
    webhook_no BIGINT NOT NULL,
    message_id TEXT NOT NULL,
    type TEXT NOT NULL,
    fact TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    begun_us BIGINT NOT NULL,
    state TEXT NOT NULL,
    due_us BIGINT NOT NULL,
    claim TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    attempted_us BIGINT,
    took_us BIGINT,
    status BIGINT,
    error TEXT,
    PRIMARY KEY (webhook_no, message_id)
);
CREATE INDEX webhook_message_due ON webhook_message (webhook_no, due_us, message_id) WHERE state = 'waiting';
CREATE INDEX webhook_message_created ON webhook_message (webhook_no, created_us, message_id);

-- What its webhooks want to hear of, as bits: facts of a workspace that has none leave no word.
ALTER TABLE workspace ADD COLUMN announced BIGINT NOT NULL DEFAULT 0;
