//! Threads, each with a name that debuggers and process lists show.
use std::thread::{Builder, JoinHandle};

use crate::error::Error;

/// Begins `work` on a thread called `name`, of at most 15 characters: Linux cuts off the rest.
///
/// # Errors
///
/// [`Error::System`] where the system gives no thread.
pub fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, Error> {
    let thread = Builder::new().name(name.to_owned()).spawn(work);
    thread.map_err(|source| Error::System {
        what: "a thread",
        source: source.into(),
    })
}
