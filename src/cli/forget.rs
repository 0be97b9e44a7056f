//! `liveness forget`: delete a template.
use clap::Args;
use liveness::templates::Name;

use super::{Common, exit::Exit, out::say, people::Folder};

/// Delete the template of a person.
#[derive(Args, Debug)]
pub struct Forget {
    /// Delete the template of this name.
    #[arg(value_name = "NAME")]
    name: Name,
    #[command(flatten)]
    folder: Folder,
}

impl Forget {
    pub fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let templates = self.folder.references(common).templates()?;
        templates.forget(&self.name)?;
        say(format_args!("forgot {}", self.name));
        Ok(Exit::Done)
    }
}
