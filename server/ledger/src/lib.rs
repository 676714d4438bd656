//! Double entry in hundredths of a yen: accounts, transfers, tariffs.
