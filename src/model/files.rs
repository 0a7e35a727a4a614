//! tmp
use super::{Error, Settings};
use crate::report::Source;
use std::path::Path;
use std::sync::Arc;
/// tmp
pub fn read_source(path: &Path, shown: &str) -> Result<Arc<Source>, Error> {
    std::fs::read_to_string(path)
        .map(|text| Arc::new(Source { path: shown.to_owned(), text }))
        .map_err(|source| Error::Unreadable { path: shown.to_owned(), source })
}
/// tmp
pub fn sources(settings: &Settings) -> Result<Vec<Arc<Source>>, Error> {
    Ok(settings.source.iter().cloned().collect())
}
