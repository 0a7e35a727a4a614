//! Scripts that are two files, one that goes up and one that goes down.

use std::path::Path;

use super::folder::{File, sql_files};
use super::naming::{self, refuse_twice, sort_by_number};
use super::{Error, Half, Script};

/// What the name of a file says.
pub(super) struct Named<'a> {
    /// The version, a number.
    pub version: &'a str,
    /// What stands between version and direction.
    pub rest: &'a str,
    /// Whether it goes down.
    pub is_down: bool,
}

impl<'a> Named<'a> {
    /// Reads `1_create.up.sql` and `1_create.down.sql`; `1_create.sql` only where that goes up as well.
    pub fn read(name: &'a str, one_file_will_do: bool) -> Option<Named<'a>> {
        let (version, rest) = naming::digits(name.strip_suffix(".sql")?)?;
        let rest = rest.strip_prefix('_')?;
        let named = |rest, is_down| Some(Named { version, rest, is_down });
        match (rest.strip_suffix(".up"), rest.strip_suffix(".down")) {
            (Some(rest), _) => named(rest, false),
            (_, Some(rest)) => named(rest, true),
            _ if one_file_will_do => named(rest, false),
            _ => None,
        }
    }
}

/// The scripts of a folder in the order of their numbers.
pub(super) fn read(
    folder: &Path,
    one_file_will_do: bool,
    in_transaction: fn(&str) -> bool,
) -> Result<Vec<Script>, Error> {
    let files = sql_files(folder)?;
    let named: Vec<(&File, Named<'_>)> =
        files.iter().filter_map(|file| Some((file, Named::read(&file.name, one_file_will_do)?))).collect();
    let mut scripts = Vec::new();
    for (file, up) in named.iter().filter(|(_, named)| !named.is_down) {
        let text = file.text()?;
        let mut script = Script {
            version: up.version.to_owned(),
            message: naming::words(up.rest),
            created: naming::time(up.version),
            path: file.path.clone(),
            up: Half::new(&text, in_transaction(&text)),
            text,
            down: None,
        };
        if let Some((file, _)) = named.iter().find(|(_, down)| down.is_down && down.version == up.version) {
            let text = file.text()?;
            script.down = Half::new(&text, in_transaction(&text)).unless_empty();
        }
        scripts.push(script);
    }
    if let Some((file, _)) =
        named.iter().find(|(_, down)| down.is_down && scripts.iter().all(|script| script.version != down.version))
    {
        return Err(Error::Script {
            path: file.path.clone(),
            what: "goes down, and no file beside it goes up".to_owned(),
            help: "bring the other file back, or remove this one",
        });
    }
    sort_by_number(&mut scripts);
    refuse_twice(&scripts)?;
    Ok(scripts)
}
