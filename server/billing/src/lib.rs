//! Monthly invoices, statements of organisations, payment providers.
