-- Offer decisioning: what was decided and by what, and what was learned of it. The conventions are those of 0001.

-- How a workspace decides. `settings` is JSON; without a row the defaults hold. `version` is the policy that runs.
CREATE TABLE decisioning (
    workspace_no BIGINT NOT NULL PRIMARY KEY,
    settings TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_us BIGINT NOT NULL
);

-- The policies that ran or might: `origin` says where one came from, `state` holds one that is not the running one.
CREATE TABLE policy_version (
    workspace_no BIGINT NOT NULL,
    version BIGINT NOT NULL,
    origin TEXT NOT NULL,
    note TEXT,
    settings TEXT NOT NULL,
    revision BIGINT NOT NULL,
    state TEXT,
    created_us BIGINT NOT NULL,
    promoted_us BIGINT,
    retired_us BIGINT,
    PRIMARY KEY (workspace_no, version)
);

-- What the running policy has learned. Whoever writes revision n + 1 has read revision n.
CREATE TABLE learned (
    workspace_no BIGINT NOT NULL PRIMARY KEY,
    revision BIGINT NOT NULL,
    state TEXT NOT NULL,
    decisions BIGINT NOT NULL,
    redeemed BIGINT NOT NULL,
    learned_us BIGINT NOT NULL
);

-- The offers that decisions chose among, with what they were worth then. `board_no` is a hash of the text.
CREATE TABLE offer_board (
    workspace_no BIGINT NOT NULL,
    board_no BIGINT NOT NULL,
    offers TEXT NOT NULL,
    PRIMARY KEY (workspace_no, board_no)
) WITHOUT ROWID;

-- A kept answer. `mode` says who chose: policy, control, apprentice, fixed, off. `trace` is JSON: all that the answer
-- was made of. Appended, never changed.
CREATE TABLE decision (
    workspace_no BIGINT NOT NULL,
    decision_id TEXT NOT NULL,
    customer_no BIGINT NOT NULL,
    decided_us BIGINT NOT NULL,
    received_us BIGINT NOT NULL,
    digest BIGINT NOT NULL,
    mode TEXT NOT NULL,
    version BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    board_no BIGINT NOT NULL,
    promotion_no BIGINT,
    tier_id TEXT,
    assignment_id TEXT,
    trace TEXT NOT NULL,
    PRIMARY KEY (workspace_no, decision_id)
);
CREATE INDEX decision_customer ON decision (customer_no, decided_us);
CREATE INDEX decision_time ON decision (workspace_no, decided_us, decision_id);

-- What became of a decision's assignment, as learned: redeemed and live or not, and by which revisions.
CREATE TABLE decision_label (
    workspace_no BIGINT NOT NULL,
    decision_id TEXT NOT NULL,
    promotion_no BIGINT NOT NULL,
    tier_id TEXT NOT NULL,
    redeemed BIGINT NOT NULL,
    withdrawn BIGINT NOT NULL,
    redeemed_us BIGINT,
    order_micros BIGINT NOT NULL,
    cost_micros BIGINT NOT NULL,
    first_revision BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    learned_us BIGINT NOT NULL,
    PRIMARY KEY (workspace_no, decision_id, promotion_no, tier_id)
);

-- Groups with assignments of decisions in which something moved: what the learner has to look at. `taken` names
-- whoever is at it; an entry goes with the revision that learned of it.
CREATE TABLE decision_news (
    workspace_no BIGINT NOT NULL,
    noted_us BIGINT NOT NULL,
    moved TEXT NOT NULL,
    taken TEXT NOT NULL
);

-- The shadow price of a promotion's budget: what one unit of its reward is worth in other hands.
CREATE TABLE decision_price (
    workspace_no BIGINT NOT NULL,
    promotion_no BIGINT NOT NULL,
    state TEXT NOT NULL,
    moved_us BIGINT NOT NULL,
    PRIMARY KEY (workspace_no, promotion_no)
) WITHOUT ROWID;

-- What became of what decisions promised of a promotion's budget; the promises themselves stand beside its price.
CREATE TABLE decision_settled (
    workspace_no BIGINT NOT NULL,
    promotion_no BIGINT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (workspace_no, promotion_no)
) WITHOUT ROWID;

-- The promotions of a workspace, walked for each customer whose history is read.
CREATE INDEX promotion_number ON promotion (workspace_no, promotion_no);
