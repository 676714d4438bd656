-- Purchases that were taken back: one row each, and what the ledger booked against it. The purchase
-- itself stays as it was. Times are Unix milliseconds.
CREATE TABLE refund (
    purchase_id TEXT    PRIMARY KEY REFERENCES purchase (purchase_id),
    refund_id   TEXT    NOT NULL UNIQUE,
    -- Why, in the operator's words.
    reason      TEXT    NOT NULL,
    -- The reversal in the ledger; none where nothing had been paid.
    transfer_id TEXT,
    refunded_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX refund_by_time ON refund (refunded_ms);
