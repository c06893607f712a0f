-- What attempts may cost, in minor units of a currency, and what may be spent.
ALTER TABLE attempts ADD COLUMN cost BIGINT;
ALTER TABLE attempts ADD COLUMN currency TEXT;
CREATE INDEX attempts_by_sent_at ON attempts (sent_at);

-- Amounts that are reserved or spent, by UTC day (2026-11-27) and month (2026-11). The row of the user of all zeros has no
-- amount: transactions lock it one after another while the total of all users has a budget. No foreign key: what was spent
-- stays spent when an account goes.
CREATE TABLE spending (
    period   TEXT NOT NULL,
    currency TEXT NOT NULL,
    user_id  UUID NOT NULL,
    amount   BIGINT NOT NULL,
    PRIMARY KEY (period, currency, user_id)
);

-- Budgets of single users, in place of the configured ones. NULL: as configured.
CREATE TABLE user_budgets (
    user_id   UUID PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    currency  TEXT NOT NULL,
    per_day   BIGINT,
    per_month BIGINT
);

-- Attempts of deleted jobs that may have cost money. No foreign keys: these rows outlive jobs and accounts.
CREATE TABLE charges (
    attempt_id UUID PRIMARY KEY,
    user_id    UUID NOT NULL,
    model      TEXT NOT NULL,
    upstream   TEXT NOT NULL,
    sent_at    BIGINT NOT NULL,
    cost       BIGINT,
    currency   TEXT,
    -- Whether there was a video to pay for.
    certain    BOOLEAN NOT NULL
);
CREATE INDEX charges_of_user ON charges (user_id, sent_at);
CREATE INDEX charges_by_sent_at ON charges (sent_at);

UPDATE schema_version SET version = 9;
