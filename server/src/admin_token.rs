//! The token that enrolling and removing ask for.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, ensure};
use subtle::ConstantTimeEq;

use crate::args::Args;

/// A shared secret; never printed, compared in constant time.
pub struct AdminToken(String);

impl AdminToken {
    /// From `--admin-token-file`, else from the environment, else from `DIR/admin-token`, which is
    /// made with 256 random bits where it is not there.
    pub fn load(args: &Args) -> anyhow::Result<AdminToken> {
        if let Some(file) = &args.admin_token_file {
            return AdminToken::read(file);
        }
        if let Ok(token) = std::env::var(VARIABLE) {
            return AdminToken::checked(&token).context(VARIABLE);
        }
        let file = args.data.join("admin-token");
        fs::create_dir_all(&args.data)
            .with_context(|| format!("cannot make the directory {}", args.data.display()))?;
        if make(&file).with_context(|| format!("cannot write {}", file.display()))? {
            eprintln!("onmon-server: made an admin token in {}", file.display());
        }
        AdminToken::read(&file)
    }

    /// Whether this is the token; takes as long for a near miss as for a far one.
    pub fn is(&self, candidate: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(candidate).into()
    }

    fn read(file: &Path) -> anyhow::Result<AdminToken> {
        let name = || format!("admin token file {}", file.display());
        AdminToken::checked(&fs::read_to_string(file).with_context(name)?).with_context(name)
    }

    fn checked(text: &str) -> anyhow::Result<AdminToken> {
        let token = text.trim();
        ensure!(token.len() >= CHARS_MIN, "a token has at least {CHARS_MIN} characters");
        ensure!(token.bytes().all(|b| b.is_ascii_graphic()), "a token is of printable ASCII");
        Ok(AdminToken(token.to_owned()))
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(..)")
    }
}

const VARIABLE: &str = "ONMON_ADMIN_TOKEN";
const CHARS_MIN: usize = 16;
const RANDOM_BYTES: usize = 32;

/// Makes the file, readable by its owner alone; false if it is there already.
fn make(file: &Path) -> io::Result<bool> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = match options.open(file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        opened => opened?,
    };
    let mut random = [0; RANDOM_BYTES];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let token: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    writeln!(out, "{token}")?;
    out.sync_all()?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_for_the_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("admin-token");
        assert!(make(&file).unwrap());
        let first = fs::read_to_string(&file).unwrap();
        assert_eq!(first.trim().len(), 2 * RANDOM_BYTES);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(!make(&file).unwrap());
        assert_eq!(fs::read_to_string(&file).unwrap(), first);
    }

    #[test]
    fn only_the_whole_token_is_the_token() {
        let token = AdminToken::checked(" 0123456789abcdef\n").unwrap();
        assert!(token.is(b"0123456789abcdef"));
        for other in ["", "0123456789abcde", "0123456789abcdeg", "0123456789abcdef0"] {
            assert!(!token.is(other.as_bytes()), "{other}");
        }
        assert!(!format!("{token:?}").contains("0123"));
    }

    #[test]
    fn weak_tokens_are_refused() {
        for text in ["", "short", "0123456789abcde", "0123456789 abcdef", "0123456789abcdé"] {
            assert!(AdminToken::checked(text).is_err(), "{text}");
        }
    }
}
