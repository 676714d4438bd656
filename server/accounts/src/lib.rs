//! Who is asking: accounts, roles and short-lived signed tokens.
