-- Invoices, credit notes, statements, payouts: inserted, never updated or deleted. Payments and
-- what their providers told of them.

-- The last number of each series. It is counted up in the transaction that uses the number, so
-- none is lost.
CREATE TABLE billing_number (
    series TEXT NOT NULL PRIMARY KEY,
    last INTEGER NOT NULL CHECK (last > 0)
) STRICT;

CREATE TABLE billing_invoice (
    id TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    account TEXT NOT NULL,
    month TEXT NOT NULL,
    -- Counts the invoices of a month, of which all but the last were withdrawn by a credit note.
    attempt INTEGER NOT NULL CHECK (attempt > 0),
    issued_ms INTEGER NOT NULL,
    total INTEGER NOT NULL CHECK (total >= 0),
    transfer_id TEXT UNIQUE,
    UNIQUE (account, month, attempt)
) STRICT;

CREATE TABLE billing_credit_note (
    id TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    invoice_id TEXT NOT NULL UNIQUE REFERENCES billing_invoice (id),
    issued_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,
    transfer_id TEXT UNIQUE
) STRICT;

CREATE TABLE billing_statement (
    id TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    organisation TEXT NOT NULL,
    month TEXT NOT NULL,
    issued_ms INTEGER NOT NULL,
    total INTEGER NOT NULL CHECK (total >= 0),
    transfer_id TEXT UNIQUE,
    UNIQUE (organisation, month)
) STRICT;

CREATE TABLE billing_payout (
    statement_id TEXT NOT NULL PRIMARY KEY REFERENCES billing_statement (id),
    provider TEXT NOT NULL,
    reference TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    transfer_id TEXT NOT NULL UNIQUE
) STRICT;

-- Of an invoice or a statement.
CREATE TABLE billing_line (
    document_id TEXT NOT NULL,
    line INTEGER NOT NULL CHECK (line >= 0),
    part TEXT NOT NULL CHECK (part IN ('usage', 'held', 'minimum')),
    kind TEXT NOT NULL,
    form TEXT NOT NULL,
    tax_ppm INTEGER NOT NULL CHECK (tax_ppm >= 0),
    quantity INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (document_id, line)
) STRICT;

-- One rounding each.
CREATE TABLE billing_tax (
    document_id TEXT NOT NULL,
    tax_ppm INTEGER NOT NULL CHECK (tax_ppm >= 0),
    net INTEGER NOT NULL,
    tax INTEGER NOT NULL,
    total INTEGER NOT NULL,
    rounding INTEGER NOT NULL,
    PRIMARY KEY (document_id, tax_ppm),
    CHECK (net + tax = total + rounding)
) STRICT;

CREATE TABLE billing_payment (
    id TEXT NOT NULL PRIMARY KEY,
    invoice_id TEXT NOT NULL REFERENCES billing_invoice (id),
    attempt INTEGER NOT NULL CHECK (attempt > 0),
    account TEXT NOT NULL,
    provider TEXT NOT NULL,
    provider_id TEXT,
    amount INTEGER NOT NULL CHECK (amount > 0),
    state TEXT NOT NULL
        CHECK (state IN ('created', 'pending', 'failed', 'cancelled', 'paid', 'refunded')),
    created_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    UNIQUE (invoice_id, attempt)
) STRICT;

-- What a provider told, once each.
CREATE TABLE billing_event (
    provider TEXT NOT NULL,
    event_id TEXT NOT NULL,
    payment_id TEXT NOT NULL REFERENCES billing_payment (id),
    state TEXT NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (provider, event_id)
) STRICT;
