-- name: add_webhook
-- A new webhook.
INSERT INTO webhook (
    webhook_no, workspace_no, webhook_id, url, description, events, secret, former_secret,
    former_until_us, disabled, failing_since_us, created_us, updated_us
)
SELECT COALESCE(MAX(w.webhook_no), 0) + 1, :workspace_no, :webhook_id, :url, :description, :events, :secret,
       NULL, NULL, '', NULL, :now_us, :now_us
FROM webhook AS w;

-- name: webhooks
-- The webhooks of a workspace, the oldest first.
SELECT w.webhook_no, w.webhook_id, w.url, w.description, w.events, w.secret, w.former_secret,
       w.former_until_us, w.disabled, w.failing_since_us, w.created_us, w.updated_us
FROM webhook AS w WHERE w.workspace_no = :workspace_no
ORDER BY w.webhook_no;

-- name: change_webhook
-- What somebody has set otherwise.
UPDATE webhook
SET url = :url, description = :description, events = :events, secret = :secret,
    former_secret = :former_secret, former_until_us = :former_until_us, disabled = :disabled,
    failing_since_us = :failing_since_us, updated_us = :now_us
WHERE webhook_no = :webhook_no;

-- name: drop_webhook
-- A webhook is gone.
DELETE FROM webhook WHERE webhook_no = :webhook_no;

-- name: drop_messages_of_webhook
-- What was sent to a webhook, and what waits.
DELETE FROM webhook_message WHERE webhook_no = :webhook_no;

-- name: drop_announcements_of_webhook
-- What it would have been told.
DELETE FROM announcement WHERE workspace_no = :workspace_no AND webhook_no = :webhook_no;

-- name: say_announced
-- What facts of a workspace leave word of from here on.
UPDATE workspace SET announced = :announced WHERE workspace_no = :workspace_no AND announced <> :announced;

-- name: enabled_webhooks
-- Every webhook to which something may be sent, with the last import of its workspace that was published.
SELECT w.webhook_no, w.workspace_no, w.webhook_id, w.events, w.failing_since_us, w.created_us,
       s.published_import_no
FROM webhook AS w JOIN workspace AS s ON s.workspace_no = w.workspace_no
WHERE w.disabled = ''
ORDER BY w.webhook_no;

-- name: announce
-- Facts that came true, to be told.
INSERT INTO announcement (workspace_no, webhook_no, import_no, announced_us, mark, type, facts)
SELECT batch.workspace_no, batch.webhook_no, batch.import_no, batch.announced_us, batch.mark, batch.type, batch.facts
FROM {{batch(workspace_no BIGINT, webhook_no BIGINT, import_no BIGINT, announced_us BIGINT, mark BIGINT, type TEXT, facts TEXT)}};

-- name: next_announcements
-- What is to be told next to a webhook, or (0) to all of a workspace, among what is published.
SELECT a.import_no, a.announced_us, a.mark
FROM announcement AS a
WHERE a.workspace_no = :workspace_no AND a.webhook_no = :webhook_no AND a.import_no <= :published_import_no
ORDER BY a.import_no, a.announced_us, a.mark
LIMIT :limit;

-- name: take_announcement
-- Takes one; of two who try, one gets it.
DELETE FROM announcement
WHERE workspace_no = :workspace_no AND webhook_no = :webhook_no AND import_no = :import_no
  AND announced_us = :announced_us AND mark = :mark
RETURNING type, facts;

-- name: forget_announcements
-- What was not told in time, for a webhook that is disabled.
DELETE FROM announcement WHERE workspace_no = :workspace_no AND webhook_no = :webhook_no AND announced_us < :before_us;

-- name: add_messages
-- Messages to be sent; one that is there already stays as it is.
INSERT INTO webhook_message (
    webhook_no, message_id, type, fact, created_us, begun_us, state, due_us, claim, attempts,
    attempted_us, took_us, status, error
)
SELECT batch.webhook_no, batch.message_id, batch.type, batch.fact, batch.created_us, batch.begun_us, 'waiting',
       batch.begun_us, '', 0, NULL, NULL, NULL, NULL
FROM {{batch(webhook_no BIGINT, message_id TEXT, type TEXT, fact TEXT, created_us BIGINT, begun_us BIGINT)}}
WHERE true
ON CONFLICT DO NOTHING;

-- name: messages_there
-- Which of these messages there are.
SELECT m.webhook_no, m.message_id
FROM {{batch(webhook_no BIGINT, message_id TEXT)}}
CROSS JOIN webhook_message AS m
WHERE m.webhook_no = batch.webhook_no AND m.message_id = batch.message_id;

-- name: messages_waiting
-- How many messages of a webhook wait, counted no further than is asked.
SELECT COUNT(*) FROM (
    SELECT 1 FROM webhook_message AS m WHERE m.webhook_no = :webhook_no AND m.state = 'waiting' LIMIT :most
) AS waiting;

-- name: messages_due
-- What is to be sent to a webhook by now, the longest due first.
SELECT m.message_id, m.due_us
FROM webhook_message AS m
WHERE m.webhook_no = :webhook_no AND m.state = 'waiting' AND m.due_us <= :now_us
ORDER BY m.due_us, m.message_id
LIMIT :limit;

-- name: claim_message
-- Somebody sends it, and nobody else until then; of two who try, one does.
UPDATE webhook_message SET claim = :claim, due_us = :until_us, attempts = attempts + 1
WHERE webhook_no = :webhook_no AND message_id = :message_id AND state = 'waiting' AND due_us = :due_us;

-- name: message
-- One message.
SELECT m.message_id, m.type, m.fact, m.created_us, m.begun_us, m.state, m.due_us, m.claim, m.attempts,
       m.attempted_us, m.took_us, m.status, m.error
FROM webhook_message AS m WHERE m.webhook_no = :webhook_no AND m.message_id = :message_id;

-- name: messages_before
-- The messages of a webhook, the newest first, from a place on; perhaps only those of a state.
SELECT m.message_id, m.type, m.fact, m.created_us, m.begun_us, m.state, m.due_us, m.claim, m.attempts,
       m.attempted_us, m.took_us, m.status, m.error
FROM webhook_message AS m
WHERE m.webhook_no = :webhook_no AND (:state = '' OR m.state = :state)
  AND (m.created_us < :before_us OR (m.created_us = :before_us AND m.message_id < :before_id))
ORDER BY m.created_us DESC, m.message_id DESC
LIMIT :limit;

-- name: note_attempt
-- What came of sending a message; unless somebody else has it by now.
UPDATE webhook_message
SET state = :state, due_us = :due_us, claim = '', attempted_us = :attempted_us, took_us = :took_us,
    status = :status, error = :error
WHERE webhook_no = :webhook_no AND message_id = :message_id AND claim = :claim;

-- name: send_again
-- A message is sent once more from the beginning.
UPDATE webhook_message SET state = 'waiting', begun_us = :now_us, due_us = :now_us, claim = '', attempts = 0
WHERE webhook_no = :webhook_no AND message_id = :message_id;

-- name: send_all_now
-- A webhook answers again: what waits for another try need not wait.
UPDATE webhook_message SET due_us = :now_us
WHERE webhook_no = :webhook_no AND state = 'waiting' AND claim = '' AND due_us > :now_us;

-- name: note_failing
-- A webhook does not answer as it should, since then if not before.
UPDATE webhook SET failing_since_us = :now_us WHERE webhook_no = :webhook_no AND failing_since_us IS NULL;

-- name: note_answering
-- It does again.
UPDATE webhook SET failing_since_us = NULL WHERE webhook_no = :webhook_no AND failing_since_us IS NOT NULL;

-- name: disable_webhook
-- Nothing is sent to it any more, where it has been failing since a moment.
UPDATE webhook SET disabled = :why, updated_us = :now_us
WHERE webhook_no = :webhook_no AND disabled = '' AND failing_since_us <= :since_us;

-- name: forget_messages
-- So many messages of long ago.
DELETE FROM webhook_message
WHERE webhook_no = :webhook_no AND message_id IN (
    SELECT m.message_id FROM webhook_message AS m
    WHERE m.webhook_no = :webhook_no AND m.created_us < :before_us
    ORDER BY m.created_us LIMIT :most
);
