//! The payment provider: a real one behind HTTP, or one in memory to try the platform out.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::Args;
use onmon_billing::{
    BillingError, HttpProvider, Patience, PaymentProvider, ProviderState, SimulatedProvider,
    WebhookError, receive,
};
use onmon_sharing::Platform;

/// Where invoices are paid.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Payments")]
pub struct PaymentArgs {
    /// The payment provider's API, `https://…` (docs/payments.md says what it must answer). Without
    /// it payments are simulated: no money moves.
    #[arg(long, env = "ONMON_PAYMENT_URL", value_name = "URL", requires_all = ["payment_key_file", "payment_secret_file"])]
    pub payment_url: Option<String>,

    /// The file with the key that the provider is asked with.
    #[arg(long, env = "ONMON_PAYMENT_KEY_FILE", value_name = "FILE", requires = "payment_url")]
    pub payment_key_file: Option<PathBuf>,

    /// The file with the secret that the provider's webhooks are signed with; a second line is a
    /// second secret, while one takes over from the other.
    #[arg(long, env = "ONMON_PAYMENT_SECRET_FILE", value_name = "FILE", requires = "payment_url")]
    pub payment_secret_file: Option<PathBuf>,
}

/// The provider that this server asks.
#[derive(Debug)]
pub struct Payments {
    /// Whichever it is.
    pub provider: Arc<dyn PaymentProvider>,
    /// The same, if it is the one in memory.
    pub simulated: Option<Arc<SimulatedProvider>>,
}

/// Why an event was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotReceived {
    /// It is not to be believed.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    /// It tells of something that is not there, or the database does not answer.
    #[error(transparent)]
    Billing(#[from] BillingError),
}

impl Payments {
    /// As the command line says.
    pub fn new(args: &PaymentArgs) -> anyhow::Result<Payments> {
        let Some(url) = &args.payment_url else {
            let mut secret = [0; 32];
            getrandom::fill(&mut secret).context("the operating system gives no randomness")?;
            let simulated = Arc::new(SimulatedProvider::new("simulated", &secret));
            let provider = Arc::clone(&simulated) as Arc<dyn PaymentProvider>;
            return Ok(Payments { provider, simulated: Some(simulated) });
        };
        let lines = |file: &Option<PathBuf>| {
            let file = file.clone().unwrap_or_default();
            let text = std::fs::read_to_string(&file);
            let text = text.with_context(|| format!("cannot read {}", file.display()))?;
            let lines: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            ensure!(!lines.is_empty(), "{} is empty", file.display());
            Ok(lines)
        };
        let key = lines(&args.payment_key_file)?.swap_remove(0);
        let secrets = lines(&args.payment_secret_file)?;
        let secrets = secrets.into_iter().map(String::into_bytes).collect();
        let url = url.trim_end_matches('/');
        let provider = HttpProvider::new("http", url, &key, secrets, Patience::default())?;
        Ok(Payments { provider: Arc::new(provider), simulated: None })
    }

    /// Takes an event of the provider, after its signature.
    pub async fn receive(
        &self,
        platform: &Platform,
        signature: &str,
        body: &[u8],
        now_ms: i64,
    ) -> Result<(), NotReceived> {
        let event = self.provider.event(signature, body, now_ms)?;
        let mut write = platform.store().begin().await.map_err(BillingError::from)?;
        receive(&mut write, self.provider.name(), &event, now_ms).await?;
        write.commit().await.map_err(BillingError::from)?;
        Ok(())
    }

    /// Has the provider in memory settle a payment, and takes the event that it sends.
    pub async fn settle(
        &self,
        platform: &Platform,
        provider_id: &str,
        state: ProviderState,
        now_ms: i64,
    ) -> Result<(), NotReceived> {
        let simulated = self.simulated.as_ref().ok_or(BillingError::Unknown)?;
        let told = simulated.settle(provider_id, state, now_ms);
        let (signature, body) = told.map_err(BillingError::from)?;
        self.receive(platform, &signature, &body, now_ms).await
    }
}
