-- Accounts with debits and credits kept apart, transfers that never change, tariffs.

CREATE TABLE ledger_account (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    owner TEXT,
    opened_ms INTEGER NOT NULL,
    debits_posted INTEGER NOT NULL DEFAULT 0 CHECK (debits_posted >= 0),
    credits_posted INTEGER NOT NULL DEFAULT 0 CHECK (credits_posted >= 0),
    debits_pending INTEGER NOT NULL DEFAULT 0 CHECK (debits_pending >= 0),
    credits_pending INTEGER NOT NULL DEFAULT 0 CHECK (credits_pending >= 0)
) STRICT;
CREATE INDEX ledger_account_by_owner ON ledger_account (owner, kind);

-- How far a user's debts may go, unbilled and billed together.
CREATE TABLE ledger_limit (
    owner TEXT NOT NULL PRIMARY KEY,
    amount INTEGER NOT NULL CHECK (amount >= 0)
) STRICT;

-- Rows are inserted and never updated or deleted.
CREATE TABLE ledger_transfer (
    id TEXT NOT NULL PRIMARY KEY,
    idempotency TEXT NOT NULL UNIQUE,
    phase TEXT NOT NULL CHECK (phase IN ('booked', 'reserved', 'reversal')),
    kind TEXT NOT NULL,
    reference TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    form TEXT,
    tax_ppm INTEGER CHECK (tax_ppm >= 0),
    quantity INTEGER CHECK (quantity >= 0),
    reverses TEXT UNIQUE REFERENCES ledger_transfer (id),
    CHECK ((form IS NULL) = (tax_ppm IS NULL) AND (form IS NULL) = (quantity IS NULL)),
    CHECK ((phase = 'reversal') = (reverses IS NOT NULL))
) STRICT;
CREATE INDEX ledger_transfer_by_reference ON ledger_transfer (reference);

-- Rows are inserted and never updated or deleted.
CREATE TABLE ledger_posting (
    transfer_id TEXT NOT NULL REFERENCES ledger_transfer (id),
    line INTEGER NOT NULL CHECK (line >= 0),
    debit TEXT NOT NULL REFERENCES ledger_account (id),
    credit TEXT NOT NULL REFERENCES ledger_account (id),
    amount INTEGER NOT NULL CHECK (amount > 0),
    PRIMARY KEY (transfer_id, line),
    CHECK (debit <> credit)
) STRICT;
CREATE INDEX ledger_posting_by_debit ON ledger_posting (debit);
CREATE INDEX ledger_posting_by_credit ON ledger_posting (credit);

-- What became of a transfer: its key sees to it that this happens once.
CREATE TABLE ledger_outcome (
    transfer_id TEXT NOT NULL PRIMARY KEY REFERENCES ledger_transfer (id),
    outcome TEXT NOT NULL CHECK (outcome IN ('posted', 'voided', 'expired')),
    at_ms INTEGER NOT NULL
) STRICT;

-- Transfers without an outcome, and until when they wait for one.
CREATE TABLE ledger_pending (
    transfer_id TEXT NOT NULL PRIMARY KEY REFERENCES ledger_transfer (id),
    expires_ms INTEGER
) STRICT;
CREATE INDEX ledger_pending_by_time ON ledger_pending (expires_ms);

-- Posted usage, once for each account that is settled by invoices or statements, and the invoice
-- or statement that took it.
CREATE TABLE ledger_usage (
    account TEXT NOT NULL REFERENCES ledger_account (id),
    transfer_id TEXT NOT NULL REFERENCES ledger_transfer (id),
    posted_ms INTEGER NOT NULL,
    batch TEXT,
    PRIMARY KEY (account, transfer_id)
) STRICT;
CREATE INDEX ledger_usage_open ON ledger_usage (account, posted_ms) WHERE batch IS NULL;
CREATE INDEX ledger_usage_by_batch ON ledger_usage (batch, account) WHERE batch IS NOT NULL;

-- Versions of tariffs. A version is valid until the next one of its organisation and form begins;
-- so rows are inserted and never updated or deleted.
CREATE TABLE ledger_tariff (
    organisation TEXT NOT NULL,
    form TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    rate TEXT NOT NULL CHECK (rate IN ('share', 'flat', 'closed')),
    share_ppm INTEGER NOT NULL DEFAULT 0 CHECK (share_ppm BETWEEN 0 AND 1000000),
    amount INTEGER NOT NULL DEFAULT 0 CHECK (amount >= 0),
    month_minimum INTEGER NOT NULL DEFAULT 0 CHECK (month_minimum >= 0),
    source TEXT NOT NULL,
    PRIMARY KEY (organisation, form, valid_from)
) STRICT;
