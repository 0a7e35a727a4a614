//! What the other tool says: its scripts, and which of them the database has had. Refuses what is half done.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::adopt::{self, Applied, Error, Script, Trouble};
use crate::database::Tool;
use crate::report::Failure;

use super::{Accepted, Options};

/// The other tool's scripts and rows.
pub(super) struct Account {
    pub tool: Tool,
    pub folder: Option<PathBuf>,
    /// In the order in which they run.
    pub scripts: Vec<Script>,
    /// What the table says of them.
    pub applied: Vec<Applied>,
}

impl Account {
    /// Reads them.
    pub fn read(connection: &Connection, root: &Path, options: &Options<'_>) -> Result<Account, Failure> {
        let tool = choose(connection, options.from)?;
        adopt::locked(connection, tool)?;
        let Some(convention) = adopt::convention(tool) else {
            return Ok(Account { tool, folder: None, scripts: Vec::new(), applied: Vec::new() });
        };
        let (folder, scripts) = match adopt::find_folder(tool, &convention, root, options.scripts) {
            Ok((folder, scripts)) => (Some(folder), scripts),
            Err(Error::NoFolder { .. }) if options.baseline => (None, Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let applied = (convention.applied)(connection, &scripts)?;
        let account = Account { tool, folder, scripts, applied };
        account.refuse(convention.after_failure, options)?;
        Ok(account)
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
        let tool = self.tool;
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

fn choose(connection: &Connection, named: Option<Tool>) -> Result<Tool, Failure> {
    if let Some(named) = named {
        return Ok(named);
    }
    let found = adopt::found(connection)?;
    match found[..] {
        [tool] => Ok(tool),
        [] => Err(Error::NoTool.into()),
        _ => Err(Error::SeveralTools { tools: found }.into()),
    }
}
