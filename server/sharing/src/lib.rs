//! Sharing made lawful: permits, offers, purchases, releases, each in one transaction.
