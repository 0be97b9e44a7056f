//! The kernels by themselves, see run.sh.
#![allow(dead_code, unused_imports, reason = "the rest of the crate uses them")]

#[path = "."]
pub mod nn {
    #[path = "../../src/nn/kernels/mod.rs"]
    pub mod kernels;
}
