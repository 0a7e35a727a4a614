//! The files of a model: found by pattern, read with care. The only part of the model that reads files.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};

use super::settings::Settings;
use super::{Error, is_sql};
use crate::report::{Diagnostic, Place, Report, Source};

/// The largest file that is taken for a model, in bytes. A hundred thousand tables fit in.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Reads one file; `shown` is its path in messages.
///
/// # Errors
/// When it cannot be read, is too large, or is no UTF-8.
pub fn read_source(path: &Path, shown: &str) -> Result<Arc<Source>, Error> {
    let unreadable = |source: io::Error| Error::Unreadable { path: shown.to_owned(), source };
    let mut file = File::open(path).map_err(unreadable)?;
    // A device or a pipe says no size beforehand.
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(LARGEST)).unwrap_or(0) + 1);
    file.by_ref().take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        let size = size.max(LARGEST + 1);
        return Err(Error::TooLarge { path: shown.to_owned(), bytes: size, limit: LARGEST });
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Arc::new(Source { path: shown.to_owned(), text })),
        Err(error) => Err(not_utf8(shown, error.as_bytes(), error.utf8_error().valid_up_to())),
    }
}

fn not_utf8(shown: &str, bytes: &[u8], at: usize) -> Error {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let source = Arc::new(Source { path: shown.to_owned(), text });
    let message = format!("found the byte 0x{:02x}, which is no UTF-8", bytes[at]);
    let place = Place::new(&source, at..at + char::REPLACEMENT_CHARACTER.len_utf8());
    Error::Mistakes(vec![Diagnostic::new("not_utf8", message).at(place).help("save the file as UTF-8")])
}

/// The files that a model stands in: those that `model = [...]` names, in the order of the patterns and of their
/// names, or else the file with the settings.
///
/// # Errors
/// All patterns that find no file, and all files that cannot be read.
pub fn sources(settings: &Settings) -> Result<Vec<Arc<Source>>, Error> {
    let Some(files) = &settings.model else {
        return Ok(settings.source.iter().cloned().collect());
    };
    let own = settings.source.as_ref().and_then(|source| Some((fs::canonicalize(&source.path).ok()?, source)));
    let mut seen: Vec<PathBuf> = Vec::new();
    let mut sources: Vec<Arc<Source>> = Vec::new();
    let mut mistakes: Vec<Diagnostic> = Vec::new();
    for (pattern, place) in files.patterns.iter().zip(&files.places) {
        let found = find(settings, pattern).unwrap_or_else(|mistake| {
            mistakes.push(mistake.at(place.clone()));
            Vec::new()
        });
        for path in found {
            let same = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
            if seen.contains(&same) {
                continue;
            }
            let read = match &own {
                Some((own, source)) if *own == same => Ok(Arc::clone(source)),
                _ => read_source(&path, &path.display().to_string()),
            };
            seen.push(same);
            match read {
                Ok(source) => sources.push(source),
                Err(error) => mistakes.extend(error.diagnostics()),
            }
        }
    }
    if mistakes.is_empty() { Ok(sources) } else { Err(Error::Mistakes(mistakes)) }
}

/// The files that a pattern matches, sorted.
fn find(settings: &Settings, pattern: &str) -> Result<Vec<PathBuf>, Diagnostic> {
    let missing = || {
        Diagnostic::new("no_model_file", format!("`{pattern}` matches no file"))
            .help("write the file, or correct the pattern; it counts from the folder of the settings")
    };
    let found = match Pattern::read(pattern)? {
        Pattern::Plain => Some(settings.path(pattern)).filter(|path| path.is_file()).into_iter().collect(),
        Pattern::Glob { folder, matcher, deepest } => {
            let root = settings.path(&folder);
            let mut found = Vec::new();
            walk(&root, Path::new(""), deepest, &matcher, &mut found).map_err(|error| {
                Diagnostic::new("unreadable_file", format!("cannot read the folder `{}`", root.display()))
                    .note(error.to_string())
            })?;
            found.sort();
            found
        }
    };
    match found.iter().find(|path| !is_model(path)) {
        _ if found.is_empty() => Err(missing()),
        Some(other) => Err(Diagnostic::new("bad_pattern", format!("`{pattern}` matches `{}`", other.display()))
            .help("a model stands in `.toml` and `.sql` files: add the extension to the pattern")),
        None => Ok(found),
    }
}

fn is_model(path: &Path) -> bool {
    let is_toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    is_toml || is_sql(&path.to_string_lossy())
}

/// A pattern of file names.
enum Pattern {
    /// The name of one file.
    Plain,
    /// Names below a folder.
    Glob {
        /// The folder, as it stands in the pattern.
        folder: String,
        /// What is compared with the path below that folder.
        matcher: GlobMatcher,
        /// How many folders deep names can match; `None` for any depth.
        deepest: Option<usize>,
    },
}

impl Pattern {
    fn read(pattern: &str) -> Result<Pattern, Diagnostic> {
        let special = |part: &Component<'_>| part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']);
        let parts: Vec<Component<'_>> = Path::new(pattern).components().collect();
        let Some(first) = parts.iter().position(special) else { return Ok(Pattern::Plain) };
        let (folder, names) = parts.split_at(first);
        let folder: PathBuf = folder.iter().collect();
        let names: PathBuf = names.iter().collect();
        let matcher = GlobBuilder::new(&names.to_string_lossy())
            .literal_separator(true)
            .build()
            .map_err(|error| Diagnostic::new("bad_pattern", error.to_string()))?
            .compile_matcher();
        let is_any_depth = pattern.contains("**");
        let deepest = (!is_any_depth).then(|| parts.len() - first - 1);
        Ok(Pattern::Glob { folder: folder.to_string_lossy().into_owned(), matcher, deepest })
    }
}

/// Collects the files below a folder that match. Hidden folders and links to folders are not entered.
fn walk(
    root: &Path,
    below: &Path,
    deepest: Option<usize>,
    matcher: &GlobMatcher,
    found: &mut Vec<PathBuf>,
) -> io::Result<()> {
    let entries = match fs::read_dir(root.join(below)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(_) if below.components().next().is_some() => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
            if deepest != Some(0) && !is_hidden {
                walk(root, &path, deepest.map(|depth| depth - 1), matcher, found)?;
            }
        } else if matcher.is_match(&path) {
            found.push(root.join(path));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The settings of a folder with that `model` and those files, and the names that `sources` finds.
    fn found(model: &str, files: &[(&str, &[u8])]) -> Result<Vec<String>, Vec<Diagnostic>> {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let config = folder.path().join("migrations.toml");
        let text = format!("[schemactl]\nmodel = {model}\n");
        fs::write(&config, &text).unwrap();
        let source = read_source(&config, &config.display().to_string()).unwrap();
        let settings = Settings::read(&source, None, &|_| None).unwrap();
        let sources = sources(&settings).map_err(|error| error.diagnostics())?;
        let name = |source: &Arc<Source>| {
            let path = Path::new(&source.path).strip_prefix(folder.path()).unwrap();
            assert!(path != Path::new("migrations.toml") || Arc::ptr_eq(source, settings.source.as_ref().unwrap()));
            path.display().to_string()
        };
        Ok(sources.iter().map(name).collect())
    }

    const FILES: [(&str, &[u8]); 7] = [
        ("models/b.toml", b""),
        ("models/a.toml", b""),
        ("models/view.sql", b""),
        ("models/deep/er/c.toml", b""),
        (".git/d.toml", b""),
        ("README.md", b""),
        ("[odd]/e.toml", b""),
    ];

    #[test]
    fn patterns_find_the_files_of_the_model_once_and_in_order() {
        for (model, want) in [
            ("'models/a.toml'", &["models/a.toml"][..]),
            ("'./models/*.toml'", &["models/a.toml", "models/b.toml"]),
            ("['models/view.sql', 'models/*.*']", &["models/view.sql", "models/a.toml", "models/b.toml"]),
            ("'models/*/*/c.toml'", &["models/deep/er/c.toml"]),
            (
                "'**/*.toml'",
                &["[odd]/e.toml", "migrations.toml", "models/a.toml", "models/b.toml", "models/deep/er/c.toml"],
            ),
        ] {
            assert_eq!(found(model, &FILES).unwrap(), want, "{model}");
        }
    }

    #[test]
    fn all_that_is_wrong_with_the_files_is_told_with_the_place_of_the_pattern() {
        let mistakes = found("['nope/*.toml', 'models/x.toml', '*.md', 'a[']", &FILES).unwrap_err();
        let told: Vec<_> = mistakes
            .iter()
            .map(|mistake| {
                let place = mistake.place.as_ref().unwrap();
                (mistake.code, place.source.text[place.span.clone()].to_owned())
            })
            .collect();
        let want = [
            ("no_model_file", "'nope/*.toml'"),
            ("no_model_file", "'models/x.toml'"),
            ("bad_pattern", "'*.md'"),
            ("bad_pattern", "'a['"),
        ];
        assert_eq!(told, want.map(|(code, text)| (code, text.to_owned())));
    }

    #[test]
    fn a_file_that_is_no_text_is_told_with_its_line() {
        let mistakes = found("'a.toml'", &[("a.toml", b"# one\nx = '\xe9'\n")]).unwrap_err();
        assert_eq!(mistakes[0].message, "found the byte 0xe9, which is no UTF-8");
        assert_eq!(mistakes[0].place.as_ref().unwrap().line_and_column(), (2, 6));
    }

    #[test]
    fn a_file_larger_than_any_model_is_not_read() {
        let mistakes = found("'a.sql'", &[("a.sql", &vec![b' '; 65 << 20])]).unwrap_err();
        assert_eq!(mistakes[0].code, "too_large");
    }
}
