-- For how long what names people is kept, by workspace.

CREATE TABLE retention (
    workspace_no BIGINT NOT NULL PRIMARY KEY,
    settings TEXT NOT NULL
);
-- Refused payloads that are still there.
CREATE INDEX rejection_payload ON rejection (workspace_no, received_us) WHERE payload <> '{}';
-- What a customer reserved, for whoever erases or forgets them.
CREATE INDEX reservation_customer ON reservation (workspace_no, customer_id);
