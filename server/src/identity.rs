//! Who asks: the keys of tokens, opened, and the watch over accounts that ask for too much.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use anyhow::Context;
use onmon_accounts::{
    AccountsError, Caller, ClassRule, Terms, TokenError, TokenKeys, Verdict, Watch, Wrap, WrapError,
};
use onmon_keys::MasterKeys;
use onmon_sharing::Platform;
use zeroize::Zeroizing;

/// How long a token lives, in seconds.
pub const TOKEN_LIFETIME_S: i64 = 300;

/// Pairs of account and class that are watched at once, some 600 bytes each.
const WATCHED_MAX: usize = 50_000;

/// What an account asks for, each watched by a rule of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Uploads: distinct files.
    Share = 0,
    /// Downloads: distinct permits.
    Purchase = 1,
}

/// By [`Class`]: far above what people do, far below a scrape. A rule of 480 a day trips a scrape
/// before its 1,000th object, over midnight too (`onmon_accounts::Watch`).
const RULES: [ClassRule; 2] = [
    ClassRule { burst: 60, interval_ms: 1_000, distinct_max: 480 },
    ClassRule { burst: 60, interval_ms: 1_000, distinct_max: 480 },
];

/// Checks tokens and watches accounts.
#[derive(Debug)]
pub struct Identity {
    keys: RwLock<Arc<TokenKeys>>,
    watch: Mutex<Watch>,
}

impl Identity {
    /// Opens the keys of tokens, making them where there are none.
    pub async fn open(platform: &Platform, now_ms: i64) -> anyhow::Result<Identity> {
        let masters = Masters(platform.masters());
        let mut write = platform.store().begin().await?;
        TokenKeys::prepare(&mut write, &masters, now_ms).await?;
        write.commit().await?;
        let keys = RwLock::new(Arc::new(load(platform).await?));
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).context("the operating system gives no randomness")?;
        let watch = Mutex::new(Watch::new(&RULES, seed, WATCHED_MAX));
        Ok(Identity { keys, watch })
    }

    /// The keys that sign and verify now.
    pub fn keys(&self) -> Arc<TokenKeys> {
        // A poisoned lock holds keys that are as good as before: they are only ever replaced whole.
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whose token this is.
    pub fn check(&self, token: &str, now_ms: i64) -> Result<Caller, TokenError> {
        self.keys().check(token, now_ms)
    }

    /// Whether an account may ask for one more object.
    pub fn admit(&self, account: &str, class: Class, object: &str, now_ms: i64) -> Verdict {
        // Whoever panicked left counts behind, which is all that it holds.
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        watch.admit(account, class as usize, object, now_ms)
    }
}

async fn load(platform: &Platform) -> Result<TokenKeys, AccountsError> {
    let terms = Terms {
        issuer: "onmon".to_owned(),
        audience: "onmon".to_owned(),
        lifetime_s: TOKEN_LIFETIME_S,
    };
    TokenKeys::load(platform.store().readers(), &Masters(platform.masters()), terms).await
}

/// The master keys, as the accounts' room wants them: it does not know of ours.
struct Masters<'a>(&'a MasterKeys);

impl Wrap for Masters<'_> {
    fn wrap(&self, purpose: &str, id: &str, secret: &[u8]) -> Result<Vec<u8>, WrapError> {
        self.0.wrap(purpose, id, secret).map_err(|error| WrapError(Box::new(error)))
    }

    fn open(
        &self,
        purpose: &str,
        id: &str,
        wrapped: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, WrapError> {
        self.0.open(purpose, id, wrapped).map_err(|error| WrapError(Box::new(error)))
    }
}
