//! Which networks did this session run on?
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::{EMBEDDING, MESH, ONET, PNET, RNET, Spec};
use crate::error::Error;

/// sha256 over the five networks that a challenge runs on, in a fixed order, as `sha256:HEX`: the same for the
/// same weights, wherever they were read from.
///
/// # Errors
///
/// [`Error::Model`] where one cannot be read.
pub fn fingerprint(models: Option<&Path>) -> Result<String, Error> {
    let mut hash = Sha256::new();
    for spec in [&PNET, &RNET, &ONET, &MESH, &EMBEDDING] {
        let (_, bytes) = spec.read(models)?;
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(&bytes);
    }
    Ok(named(hash))
}

/// sha256 of one network's file, as `sha256:HEX`.
///
/// # Errors
///
/// [`Error::Model`] where it cannot be read.
pub fn sum(spec: &Spec, models: Option<&Path>) -> Result<String, Error> {
    let (_, bytes) = spec.read(models)?;
    Ok(named(Sha256::new().chain_update(&bytes)))
}

fn named(hash: Sha256) -> String {
    let digest = hash.finalize();
    let hex: String = digest.iter().map(|b| format!("{b:02x}")).collect();
    format!("sha256:{hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_depends_on_the_weights_not_on_their_place() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
        let built_in = fingerprint(None).unwrap();
        assert_eq!(fingerprint(Some(&folder)).unwrap(), built_in);
        let dir = tempfile::tempdir().unwrap();
        for spec in [&PNET, &RNET, &ONET, &EMBEDDING] {
            std::fs::copy(folder.join(spec.file), dir.path().join(spec.file)).unwrap();
        }
        std::fs::write(dir.path().join(MESH.file), "x").unwrap();
        assert_ne!(fingerprint(Some(dir.path())).unwrap(), built_in);
    }
}
