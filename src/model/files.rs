//! The files of a model: found by pattern, read with care.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::GlobBuilder;

use super::settings::Settings;
use super::{Error, ModelFiles};
use crate::report::{Diagnostic, Source};

/// The largest file that is taken for a model, in bytes. A hundred thousand tables fit in.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Reads one file; `shown` is its path in messages.
///
/// # Errors
/// When it cannot be read, is too large, or is no text.
pub fn read_source(path: &Path, shown: &str) -> Result<Arc<Source>, Error> {
    let unreadable = |source: io::Error| Error::Unreadable { path: shown.to_owned(), source };
    let bytes = fs::metadata(path).map_err(unreadable)?.len();
    if bytes > LARGEST {
        return Err(Error::TooLarge { path: shown.to_owned(), bytes, limit: LARGEST });
    }
    let text = String::from_utf8(fs::read(path).map_err(unreadable)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].split(|byte| *byte == b'\n').count();
        unreadable(io::Error::new(io::ErrorKind::InvalidData, format!("line {line} is not UTF-8")))
    })?;
    Ok(Arc::new(Source { path: shown.to_owned(), text }))
}

/// The files that a model stands in: those that `model = [...]` names, in the order of the patterns and of their
/// names, or else the file with the settings.
///
/// # Errors
/// When a pattern finds no file, or a file cannot be read.
pub fn sources(settings: &Settings) -> Result<Vec<Arc<Source>>, Error> {
    let Some(files) = &settings.model else {
        return Ok(settings.source.iter().cloned().collect());
    };
    let mut sources: Vec<Arc<Source>> = Vec::new();
    for (pattern, place) in files.patterns.iter().zip(&files.places) {
        let found = find(settings, files, pattern)?;
        if found.is_empty() {
            let diagnostic = Diagnostic::new("no_model_file", format!("`{pattern}` matches no file"))
                .at(place.clone())
                .help("write the file, or correct the pattern; it counts from the folder of the settings");
            return Err(Error::Mistakes(vec![diagnostic]));
        }
        for path in found {
            let shown = path.display().to_string();
            let settings_file = settings.source.iter().find(|source| source.path == shown);
            if sources.iter().all(|source| source.path != shown) {
                sources.push(match settings_file {
                    Some(source) => Arc::clone(source),
                    None => read_source(&path, &shown)?,
                });
            }
        }
    }
    Ok(sources)
}

/// The files that a pattern matches, sorted.
fn find(settings: &Settings, files: &ModelFiles, pattern: &str) -> Result<Vec<PathBuf>, Error> {
    let whole = settings.path(pattern);
    let is_plain = !pattern.contains(['*', '?', '[', '{']);
    if is_plain {
        return Ok(if whole.is_file() { vec![whole] } else { Vec::new() });
    }
    let glob = GlobBuilder::new(&whole.display().to_string()).literal_separator(true).build().map_err(|error| {
        let place = files.patterns.iter().position(|known| known == pattern).and_then(|at| files.places.get(at));
        let diagnostic = Diagnostic::new("bad_pattern", error.to_string());
        Error::Mistakes(vec![place.map_or(diagnostic.clone(), |place| diagnostic.at(place.clone()))])
    })?;
    let matcher = glob.compile_matcher();
    let root: PathBuf = whole
        .components()
        .take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']))
        .collect();
    let mut found = Vec::new();
    let mut folders = vec![if root.as_os_str().is_empty() { PathBuf::from(".") } else { root }];
    while let Some(folder) = folders.pop() {
        let unreadable = |source| Error::Unreadable { path: folder.display().to_string(), source };
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries.map_err(unreadable)?,
        };
        for entry in entries {
            let path = entry.map_err(unreadable)?.path();
            let path = path.strip_prefix("./").map(Path::to_owned).unwrap_or(path);
            if path.is_dir() {
                folders.push(path);
            } else if matcher.is_match(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
