//! Usage lines as rights organisations take them: TSV and DDEX DSR flat files.
