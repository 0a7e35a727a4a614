//! What `upgrade` and `downgrade` both take: how revisions are run.

use std::time::Duration;

use clap::ValueEnum;

use super::options::NONE;

// A doc comment would become the description of the command (clap keeps the last one).
#[derive(Debug, Clone, clap::Args)]
#[expect(missing_docs, reason = "see above")]
pub struct Walk {
    /// Print the SQL of the walk, and touch no database
    #[arg(long, conflicts_with = "dry_run")]
    pub sql: bool,

    /// Say what would be run, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// What is taken back together when something goes wrong: each revision by itself, or all of them
    #[arg(long, value_enum, default_value_t, value_name = "SCOPE", env = "SCHEMACTL_TRANSACTION", hide_env = true)]
    pub transaction: Transaction,

    /// How long to wait while others hold the database
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    #[arg(env = "SCHEMACTL_LOCK_TIMEOUT", hide_env = true)]
    pub lock_timeout: Duration,
}

/// What is one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Transaction {
    /// Each revision.
    #[value(help = NONE)]
    #[default]
    Each,
    /// All revisions of the walk.
    #[value(help = NONE)]
    All,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().map_err(|_| "expected a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn a_revision_is_a_transaction_and_the_wait_is_half_a_minute_unless_said() {
        let walk: Walk = parse(&[]).unwrap();
        assert_eq!((walk.transaction, walk.lock_timeout), (Transaction::Each, Duration::from_secs(30)));
        let walk: Walk = parse(&["--transaction=all", "--lock-timeout", "0.5"]).unwrap();
        assert_eq!((walk.transaction, walk.lock_timeout), (Transaction::All, Duration::from_millis(500)));
    }

    #[test]
    fn only_time_that_can_be_waited_is_a_wait() {
        for bad in ["-1", "soon", "nan", "inf", "1e40"] {
            assert!(parse::<Walk>(&[&format!("--lock-timeout={bad}")]).is_err(), "{bad}");
        }
    }
}
