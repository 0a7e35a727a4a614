//! tmp
use std::sync::Arc; use std::path::Path; use crate::report::Source; use super::{Error, Settings};
/// tmp
pub fn read_source(path:&Path, shown:&str)->Result<Arc<Source>,Error>{ std::fs::read_to_string(path).map(|text|Arc::new(Source{path:shown.to_owned(),text})).map_err(|source|Error::Unreadable{path:shown.to_owned(),source}) }
/// tmp
pub fn sources(settings:&Settings)->Result<Vec<Arc<Source>>,Error>{ Ok(settings.source.iter().cloned().collect()) }
