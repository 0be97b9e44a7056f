//! What the subject and the developer see. The only place that mirrors: pictures and points
//! together, text never.
//!
//! [`ChallengeScreen`] and [`PreviewScreen`] draw plain data on a [`Canvas`]; neither needs a
//! window. [`Window`] shows a canvas and reads keys.
mod canvas;
mod challenge_screen;
mod colour;
mod face_icon;
mod frost;
mod guide_icon;
mod layout;
mod marked;
mod pen;
mod pictogram;
mod picture;
mod placement;
mod plot;
mod preview_screen;
mod scene;
mod strings;
mod text;
mod trace;
mod verdict_card;
mod window;

pub use canvas::Canvas;
pub use challenge_screen::ChallengeScreen;
pub use marked::{Mark, Marked};
pub use placement::Placement;
pub use preview_screen::{Preview, PreviewScreen};
pub use scene::Scene;
pub use strings::{Lang, Text, UnknownLang};
pub use text::FONT;
pub use window::{Key, Window};
