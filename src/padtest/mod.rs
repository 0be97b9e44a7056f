//! The attack bench: sessions of known attacks, and of people, against the real chain, in virtual
//! time; how many of them are let in, and how sure that is.
//!
//! The words are those of ISO/IEC 30107-3: APCER is the share of attack presentations that are taken
//! for bona fide, told for each kind of attack by itself and never averaged over them; BPCER the share
//! of bona fide presentations that are taken for attacks; a session that ends without a decision is a
//! non-response and told apart from both.
//!
//! ```text
//! seed, shard ─▶ Plan ─▶ Job ─▶ Trial: Staged or a recording ─▶ Observer ─▶ Session ─▶ Outcome ─▶ Report
//! ```
mod crew;
mod interval;
mod outcome;
mod plan;
mod report;
mod trial;

pub use crew::run;
pub use interval::{Interval, clopper_pearson};
pub use outcome::{Answer, Outcome};
pub use plan::{BadShard, Job, Plan, Shard};
pub use report::{Attack, BonaFide, NonResponse, Report, StepCount, Wrong};
pub use trial::{Subject, Trial};

/// The name of the kind that is no attack.
pub const BONA_FIDE: &str = "bona_fide";
