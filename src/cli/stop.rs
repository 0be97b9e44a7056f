//! Ctrl-C, and a request to terminate.
use anyhow::Context as _;
use crossbeam_channel::{Receiver, bounded};

/// A channel that hears both from now on, so that what was done until then is not lost.
pub fn signal() -> anyhow::Result<Receiver<()>> {
    let (tell, stop) = bounded(1);
    ctrlc::set_handler(move || {
        // A second Ctrl-C finds the first one still waiting, which is enough.
        let _ = tell.try_send(());
    })
    .context("cannot listen for Ctrl-C and termination")?;
    Ok(stop)
}
