//! Patterns of file names, in which `{name}` stands for a part that becomes the id of what is found.
//!
//! `*` and `?` are any characters and any one, `[…]` one of some, `**` folders of any depth; none of them goes beyond
//! a `/` or begins with a dot. What SQLite keeps beside a database is never found.

use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use regex_automata::meta::Regex;

use super::error::FleetError;
use super::list::Member;

/// A pattern that has been read.
#[derive(Debug)]
pub(super) struct Pattern {
    parts: Vec<Part>,
    /// The names in it, each once, in their order.
    names: Vec<String>,
}

/// What stands between two slashes.
#[derive(Debug)]
enum Part {
    Plain(PathBuf),
    AnyFolders,
    Like(Like),
}

/// A part with wildcards.
#[derive(Debug)]
struct Like {
    regex: Regex,
    /// The names of its groups, which count from 1.
    names: Vec<String>,
    takes_hidden: bool,
}

/// The values of the names on the way, in their order; one name may come several times.
type Values = Vec<(String, String)>;

/// What SQLite keeps beside a database.
const BESIDE: [&str; 3] = ["-journal", "-wal", "-shm"];

impl Pattern {
    pub(super) fn read(pattern: &str) -> Result<Pattern, FleetError> {
        let bad = |why: String| FleetError::BadPattern { pattern: pattern.to_owned(), why };
        let mut parts = Vec::new();
        let mut names: Vec<String> = Vec::new();
        let components = Path::new(pattern).components().filter(|part| !matches!(part, Component::CurDir));
        for component in components {
            let text = component.as_os_str().to_string_lossy();
            parts.push(match component {
                Component::Normal(_) if text == "**" => Part::AnyFolders,
                Component::Normal(_) if text.contains(['*', '?', '[', '{', '}']) => {
                    let like = Like::read(&text).map_err(bad)?;
                    for name in &like.names {
                        if !names.contains(name) {
                            names.push(name.clone());
                        }
                    }
                    Part::Like(like)
                }
                other => Part::Plain(PathBuf::from(other.as_os_str())),
            });
        }
        match parts.last() {
            None => Err(bad("it is empty".to_owned())),
            Some(Part::AnyFolders) => Err(bad("it ends in folders, not in a file".to_owned())),
            Some(_) => Ok(Pattern { parts, names }),
        }
    }

    /// The files below a folder that match, sorted by their paths.
    pub(super) fn find(&self, folder: &Path) -> Result<Vec<Member>, FleetError> {
        let mut members = Vec::new();
        self.walk(folder, Path::new(""), &self.parts, &mut Vec::new(), &mut members)?;
        members.sort_by(|one, other| one.path.cmp(&other.path));
        members.dedup();
        Ok(members)
    }

    fn walk(
        &self,
        root: &Path,
        below: &Path,
        parts: &[Part],
        values: &mut Values,
        found: &mut Vec<Member>,
    ) -> Result<(), FleetError> {
        let Some((part, rest)) = parts.split_first() else {
            if root.join(below).is_file() && !is_beside(below) {
                found.push(Member { id: self.id(below, values), path: root.join(below), wave: None });
            }
            return Ok(());
        };
        if let Part::Plain(name) = part {
            return self.walk(root, &below.join(name), rest, values, found);
        }
        if matches!(part, Part::AnyFolders) {
            self.walk(root, below, rest, values, found)?;
        }
        for name in entries(&root.join(below))? {
            let path = below.join(&name);
            match part {
                Part::AnyFolders => {
                    let folder = root.join(&path);
                    if !name.starts_with('.') && folder.is_dir() && !folder.is_symlink() {
                        self.walk(root, &path, parts, values, found)?;
                    }
                }
                Part::Like(like) => {
                    let known = values.len();
                    if like.takes(&name, values) {
                        self.walk(root, &path, rest, values, found)?;
                    }
                    values.truncate(known);
                }
                Part::Plain(_) => {}
            }
        }
        Ok(())
    }

    fn id(&self, path: &Path, values: &Values) -> String {
        let value = |name: &String| values.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let values: Vec<&str> = self.names.iter().filter_map(value).collect();
        if values.is_empty() { path.to_string_lossy().into_owned() } else { values.join("/") }
    }
}

/// The names in a folder; none where it is no folder, or is gone meanwhile.
fn entries(folder: &Path) -> Result<Vec<String>, FleetError> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let failed = |source| FleetError::Unreadable { path: folder.to_owned(), source };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    // A name that is no Unicode cannot be written in a pattern, nor be an id.
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.map(|entry| entry.file_name().into_string().ok());
    entries.filter_map(|entry| name(entry).transpose()).collect::<std::io::Result<_>>().map_err(failed)
}

fn is_beside(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    BESIDE.iter().any(|ending| name.ends_with(ending))
}

impl Like {
    fn read(text: &str) -> Result<Like, String> {
        let mut regex = String::from("^(?s:");
        let mut names = Vec::new();
        let mut rest = text.chars();
        while let Some(character) = rest.next() {
            match character {
                '*' => regex.push_str(".*"),
                '?' => regex.push('.'),
                '{' => {
                    let name: String = rest.by_ref().take_while(|c| *c != '}').collect();
                    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
                        return Err("`{` begins a name, such as `{tenant}`".to_owned());
                    }
                    names.push(name);
                    regex.push_str("(.+)");
                }
                '[' => {
                    let class: String = rest.by_ref().take_while(|c| *c != ']').collect();
                    let (not, class) = match class.strip_prefix(['!', '^']) {
                        Some(class) => ("^", class),
                        None => ("", class.as_str()),
                    };
                    let escaped: String =
                        class.chars().map(|c| if c == '-' { "-".to_owned() } else { escape(c) }).collect();
                    regex.extend(["[", not, &escaped, "]"]);
                }
                '}' => return Err("`}` without a `{` before it".to_owned()),
                other => regex.push_str(&escape(other)),
            }
        }
        regex.push_str(")$");
        let regex = Regex::new(&regex).map_err(|error| error.to_string())?;
        Ok(Like { regex, names, takes_hidden: text.starts_with('.') })
    }

    /// Whether a name matches, and what its parts are; a name that came before must mean the same.
    fn takes(&self, name: &str, values: &mut Values) -> bool {
        if name.starts_with('.') && !self.takes_hidden {
            return false;
        }
        let mut captures = self.regex.create_captures();
        self.regex.captures(name, &mut captures);
        if !captures.is_match() {
            return false;
        }
        for (known, group) in self.names.iter().zip(1..) {
            let value = captures.get_group(group).map_or("", |span| &name[span.range()]);
            match values.iter().find(|(name, _)| name == known) {
                Some((_, before)) if before != value => return false,
                Some(_) => {}
                None => values.push((known.clone(), value.to_owned())),
            }
        }
        true
    }
}

/// A character as itself.
fn escape(character: char) -> String {
    if "\\.+*?()|[]{}^$#&-~".contains(character) { format!("\\{character}") } else { character.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str) -> Vec<(String, String)> {
        let folder = tempfile::tempdir().unwrap();
        for file in
            ["eu/a/a.db", "eu/a/x.db", "eu/b.c/b.c.db", "us/ü/ü.db", "us/ü/ü.db-shm", "us/.h/.h.db", "us/deep/er/d.db"]
        {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let members = Pattern::read(pattern).unwrap().find(folder.path()).unwrap();
        let path = |member: &Member| member.path.strip_prefix(folder.path()).unwrap().display().to_string();
        members.iter().map(|member| (member.id.clone(), path(member))).collect()
    }

    #[test]
    fn parts_of_the_path_become_the_id() {
        let pair = |id: &str, path: &str| (id.to_owned(), path.to_owned());
        let all = [pair("eu/a", "eu/a/a.db"), pair("eu/b.c", "eu/b.c/b.c.db"), pair("us/ü", "us/ü/ü.db")];
        assert_eq!(found("{region}/{tenant}/{tenant}.db"), all);
        assert_eq!(found("eu/{t}/[w-z].db"), [pair("a", "eu/a/x.db")]);
        assert_eq!(found("*/?/?.db").len(), 3);
        assert_eq!(found("./us/**/d.db"), [pair("us/deep/er/d.db", "us/deep/er/d.db")]);
        assert_eq!(found("**/*.db").len(), 5);
        assert_eq!(found("us/.h/.*"), [pair("us/.h/.h.db", "us/.h/.h.db")]);
        assert_eq!(found("eu/a/a.db"), [pair("eu/a/a.db", "eu/a/a.db")]);
        assert_eq!(found("us/*/*"), [pair("us/ü/ü.db", "us/ü/ü.db")]);
        assert_eq!(found("nowhere/*"), []);
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        for (pattern, why) in [
            ("", "it is empty"),
            ("data/**", "it ends in folders"),
            ("{}.db", "`{` begins a name"),
            ("{a b}.db", "`{` begins a name"),
            ("a}.db", "`}` without"),
            ("[z-a].db", ""),
        ] {
            let error = Pattern::read(pattern).unwrap_err().to_string();
            assert!(error.contains(why) && error.contains("is not a pattern"), "{error}");
        }
    }
}
