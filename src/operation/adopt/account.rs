//! What the other tool says: its scripts, and which of them the database has had. Refuses what is half done.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::adopt::{self, Applied, Convention, Error, Found, Script, Table, Trouble};
use crate::report::{Failure, first_few};
use crate::revision::Scripts;

use super::{Accepted, Options, Project};

/// The other tool's scripts and rows.
pub(super) struct Account {
    /// The tool, and the table in which it says what it has applied.
    pub found: Found,
    pub folder: Option<PathBuf>,
    /// In the order in which they run.
    pub scripts: Vec<Script>,
    /// What the table says of them.
    pub applied: Vec<Applied>,
    /// All that it says, by the names that it has for it.
    pub versions: Vec<String>,
    /// What of that is new since it was last taken over.
    pub since: Vec<String>,
}

impl Account {
    /// Reads them.
    pub fn read(
        project: &Project,
        connection: &Connection,
        existing: &Scripts,
        root: &Path,
        options: &Options<'_>,
    ) -> Result<Account, Failure> {
        let found = choose(connection, options)?;
        let tool = found.tool;
        let filter = project.filter()?;
        if let Some(table) = found.renamed(connection)?.into_iter().find(|table| !filter.ignores(table)) {
            return Err(Error::NotIgnored { tool, table }.into());
        }
        adopt::locked(connection, &found)?;
        let versions = adopt::versions(connection, &found)?;
        let since = adopt::since(connection, |_, _| false)?.into_iter().find(|since| since.tool == tool);
        let since = since.map(|since| since.versions).unwrap_or_default();
        let Some(convention) = adopt::convention(tool) else {
            return Ok(Account { found, folder: None, scripts: Vec::new(), applied: Vec::new(), versions, since });
        };
        let remembered = remembered(project, &convention, existing);
        let named = options.scripts.or(remembered.as_deref());
        let (folder, scripts) = match adopt::find_folder(tool, &convention, root, named) {
            Ok((folder, scripts)) => (Some(folder), scripts),
            Err(Error::NoFolder { .. }) if options.baseline => (None, Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let applied = (convention.applied)(&Table::named(connection, tool, &found.table), &scripts)?;
        let account = Account { found, folder, scripts, applied, versions, since };
        account.refuse(convention.after_failure, options)?;
        Ok(account)
    }

    /// What the tool has done since, as the message of a revision.
    pub fn told_since(&self) -> String {
        const SHOWN: usize = 3;
        format!("What {} has run since: {}", self.found.tool.name(), first_few(&self.since, SHOWN))
    }

    /// How many scripts are applied, and how many are not.
    pub fn counts(&self) -> (usize, usize) {
        let pending = (0..self.scripts.len()).filter(|&script| self.row(script).is_none()).count();
        (self.applied.len(), pending)
    }

    /// What the table says of a script.
    pub fn row(&self, script: usize) -> Option<&Applied> {
        self.applied.iter().find(|row| row.script == Some(script))
    }

    fn refuse(&self, after_failure: &'static str, options: &Options<'_>) -> Result<(), Error> {
        let tool = self.found.tool;
        let versions = |is_it: &dyn Fn(&&Applied) -> bool| -> Vec<String> {
            self.applied.iter().filter(is_it).map(|row| row.version.clone()).collect()
        };
        let failed = versions(&|row| row.trouble == Some(Trouble::Failed));
        if !failed.is_empty() {
            return Err(Error::Failed { tool, which: failed, help: after_failure });
        }
        if options.baseline {
            return Ok(());
        }
        let missing = versions(&|row| row.script.is_none());
        if let (false, Some(folder)) = (missing.is_empty(), &self.folder) {
            return Err(Error::Missing { tool, which: missing, folder: folder.clone() });
        }
        let edited = self.applied.iter().filter(|row| row.trouble == Some(Trouble::Edited));
        let edited: Vec<PathBuf> = edited.filter_map(|row| Some(self.scripts[row.script?].path.clone())).collect();
        if !edited.is_empty() && !options.accepted.contains(&Accepted::Edits) {
            return Err(Error::Edited { tool, which: edited });
        }
        Ok(())
    }
}

/// The folder that the project's revisions were taken over from: the nearest one above all of these scripts in which the
/// tool finds them.
fn remembered(project: &Project, convention: &Convention, existing: &Scripts) -> Option<PathBuf> {
    let origins = existing.scripts.iter().filter_map(|script| script.revision.origin.as_ref());
    let origins: Vec<PathBuf> = origins.map(|origin| project.settings.path(origin)).collect();
    let is_there = |folder: &Path| {
        let scripts = (convention.scripts)(folder).unwrap_or_default();
        scripts.iter().any(|script| origins.contains(&script.path))
    };
    let above = origins.first()?.ancestors().skip(1);
    let mut folders = above.filter(|folder| origins.iter().all(|origin| origin.starts_with(folder))).take(2);
    folders.find(|folder| is_there(folder)).map(Path::to_owned)
}

/// The tool that is named, or the one whose table is there.
///
/// # Errors
/// When there are several, or none.
pub(super) fn choose(connection: &Connection, options: &Options<'_>) -> Result<Found, Failure> {
    if let Some(named) = adopt::named(connection, options.from, options.table)? {
        return Ok(named);
    }
    let mut found = adopt::found(connection)?;
    match found.len() {
        0 => Err(Error::NoTool.into()),
        1 => Ok(found.remove(0)),
        _ => Err(Error::SeveralTools { tools: found.into_iter().map(|found| found.tool).collect() }.into()),
    }
}
