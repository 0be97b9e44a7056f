//! `liveness key`: the key that signs the log.
use std::path::PathBuf;

use clap::{Args, Subcommand};
use liveness::store::{self, Key as Signer, Log, PublicKey, key_path};
use serde::Serialize;

use super::{
    exit::Exit,
    out::{print_json, print_line},
    proof::log_to_read,
};

/// Show or change the key that signs results.
#[derive(Args, Debug)]
pub struct Key {
    #[command(subcommand)]
    what: What,
    /// The log that it signs; its folder is where the key lies if there is no data folder [default:
    /// $XDG_STATE_HOME/liveness/sessions.db].
    #[arg(long, global = true, value_name = "PATH")]
    log: Option<PathBuf>,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Print the public key. Whoever is to verify the log keeps it elsewhere: `liveness log verify --key`.
    Show,
    /// Put a new key in the old one's place. The old one signs that; the log says so, and all its entries
    /// still verify, with the old public key and with the new one.
    Rotate,
}

/// The line of `key --json`.
#[derive(Serialize)]
struct KeyLine {
    r#type: &'static str,
    key: PublicKey,
    path: PathBuf,
}

impl Key {
    pub fn run(&self) -> anyhow::Result<Exit> {
        let log = log_to_read(self.log.as_ref())?;
        let path = key_path(&log);
        let key = match self.what {
            What::Show => Signer::read(&path)?.public(),
            What::Rotate if store::is_there(&log) => {
                let mut log = Log::open(&log, &path)?;
                log.rotate()?;
                log.key().public()
            }
            What::Rotate => {
                let mut key = Signer::read(&path)?;
                key.rotate()?;
                key.public()
            }
        };
        if self.json {
            let r#type = "key";
            print_json(&KeyLine { r#type, key, path })?;
        } else {
            print_line(key)?;
        }
        Ok(Exit::Done)
    }
}
