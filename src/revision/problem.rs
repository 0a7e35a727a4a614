//! What is wrong with the scripts of a project as a whole: files that cannot be read, a graph that does not hang together.

use super::id::RevisionId;
use super::mention::list;
use super::script_error::ScriptError;
use crate::report::{Class, Diagnostic, Place, Report};

/// Something wrong with the scripts. Commands that only read show the rest; commands that change something refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A script that breaks the form of scripts.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// A file that could not be read.
    #[error("`{path}` could not be read: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        why: String,
    },
    /// Two scripts with the same identifier.
    #[error("the revision `{revision}` is in `{second}` and in `{first}`")]
    DuplicateId {
        /// The identifier.
        revision: RevisionId,
        /// The file that is taken.
        first: String,
        /// The file that is left out.
        second: String,
        /// The identifier in the second file.
        place: Option<Place>,
    },
    /// Two revisions with the same label.
    #[error("the label `{label}` of revision `{second}` belongs to revision `{first}` already")]
    DuplicateLabel {
        /// The label.
        label: String,
        /// The revision that keeps it.
        first: RevisionId,
        /// The revision that does not.
        second: RevisionId,
        /// The labels of the second.
        place: Option<Place>,
    },
    /// A label that is the identifier of a revision.
    #[error("the label `{label}` of revision `{revision}` is the identifier of a revision")]
    LabelIsId {
        /// The label.
        label: String,
        /// The revision that has the label.
        revision: RevisionId,
        /// Its labels.
        place: Option<Place>,
    },
    /// A parent of which there is no file.
    #[error("the parent `{parent}` of revision `{revision}` is missing")]
    MissingParent {
        /// The revision that names it.
        revision: RevisionId,
        /// The missing one.
        parent: RevisionId,
        /// A revision that may be meant.
        near: Option<RevisionId>,
        /// Where the parent is named.
        place: Option<Place>,
    },
    /// A dependency that names nothing.
    #[error("revision `{revision}` depends on `{name}`, which is missing")]
    MissingDependency {
        /// The revision.
        revision: RevisionId,
        /// What it names.
        name: String,
        /// Where it is named.
        place: Option<Place>,
    },
    /// A dependency that could be several revisions.
    #[error("revision `{revision}` depends on `{name}`, which could be {}", list(candidates))]
    AmbiguousDependency {
        /// The revision.
        revision: RevisionId,
        /// What it names.
        name: String,
        /// What it could be.
        candidates: Vec<RevisionId>,
        /// Where it is named.
        place: Option<Place>,
    },
    /// A revision that is its own parent.
    #[error("revision `{revision}` is its own parent")]
    SelfLoop {
        /// The revision.
        revision: RevisionId,
        /// Its parents.
        place: Option<Place>,
    },
    /// A revision that depends on itself.
    #[error("revision `{revision}` depends on itself")]
    DependencySelfLoop {
        /// The revision.
        revision: RevisionId,
        /// What it depends on.
        place: Option<Place>,
    },
    /// Revisions that follow each other in a circle.
    #[error("the revisions {} follow each other in a circle", list(revisions))]
    Cycle {
        /// The circle, each the parent of the next.
        revisions: Vec<RevisionId>,
        /// The parents of the first.
        place: Option<Place>,
    },
    /// Revisions that wait for each other in a circle.
    #[error("the revisions {} depend on each other in a circle", list(revisions))]
    DependencyCycle {
        /// The circle, each needed by the next.
        revisions: Vec<RevisionId>,
        /// What the first depends on.
        place: Option<Place>,
    },
    /// A revision that is among those it replaces.
    #[error("revision `{revision}` replaces itself")]
    ReplacesItself {
        /// The revision.
        revision: RevisionId,
        /// What it replaces.
        place: Option<Place>,
    },
    /// Two revisions that stand for the same one.
    #[error("revision `{revision}` is replaced by `{first}` and by `{second}`")]
    ReplacedTwice {
        /// The replaced one.
        revision: RevisionId,
        /// One that replaces it.
        first: RevisionId,
        /// Another.
        second: RevisionId,
        /// What the other replaces.
        place: Option<Place>,
    },
    /// The database stands in the middle of what was squashed, and the way out of it is gone.
    #[error(
        "only {} of what `{revision}` replaces is applied, and the way on is lost with the files of {}",
        list(applied),
        list(missing)
    )]
    PartlyReplaced {
        /// The revision that replaces others.
        revision: RevisionId,
        /// The replaced ones that are applied.
        applied: Vec<RevisionId>,
        /// The replaced ones without a file.
        missing: Vec<RevisionId>,
        /// What the revision replaces.
        place: Option<Place>,
    },
}

impl Problem {
    /// A stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Problem::Script(_) => "broken_script",
            Problem::Unreadable { .. } => "unreadable_script",
            Problem::DuplicateId { .. } => "duplicate_id",
            Problem::DuplicateLabel { .. } => "duplicate_label",
            Problem::LabelIsId { .. } => "label_is_id",
            Problem::MissingParent { .. } => "missing_parent",
            Problem::MissingDependency { .. } => "missing_dependency",
            Problem::AmbiguousDependency { .. } => "ambiguous_dependency",
            Problem::SelfLoop { .. } => "self_loop",
            Problem::DependencySelfLoop { .. } => "dependency_self_loop",
            Problem::Cycle { .. } => "cycle",
            Problem::DependencyCycle { .. } => "dependency_cycle",
            Problem::ReplacesItself { .. } => "replaces_itself",
            Problem::ReplacedTwice { .. } => "replaced_twice",
            Problem::PartlyReplaced { .. } => "partly_replaced",
        }
    }

    fn place(&self) -> Option<&Place> {
        match self {
            Problem::Script(_) | Problem::Unreadable { .. } => None,
            Problem::DuplicateId { place, .. }
            | Problem::DuplicateLabel { place, .. }
            | Problem::LabelIsId { place, .. }
            | Problem::MissingParent { place, .. }
            | Problem::MissingDependency { place, .. }
            | Problem::AmbiguousDependency { place, .. }
            | Problem::SelfLoop { place, .. }
            | Problem::DependencySelfLoop { place, .. }
            | Problem::Cycle { place, .. }
            | Problem::DependencyCycle { place, .. }
            | Problem::ReplacesItself { place, .. }
            | Problem::ReplacedTwice { place, .. }
            | Problem::PartlyReplaced { place, .. } => place.as_ref(),
        }
    }

    fn help(&self) -> String {
        match self {
            Problem::Script(_) => "correct the script".to_owned(),
            Problem::Unreadable { .. } => "scripts are UTF-8 text; check its encoding and permissions".to_owned(),
            Problem::DuplicateId { second, .. } => {
                format!("remove one of the two files, or give `{second}` another identifier")
            }
            Problem::DuplicateLabel { label, second, .. } => {
                format!("take the label `{label}` out of the script of `{second}`")
            }
            Problem::LabelIsId { .. } => "give the branch another label".to_owned(),
            Problem::MissingParent { near: Some(near), .. } => format!("did you mean `{near}`?"),
            Problem::MissingParent { parent, .. } => {
                format!("bring back the file of `{parent}`, or name another revision after `parents:`")
            }
            Problem::MissingDependency { .. } | Problem::AmbiguousDependency { .. } => {
                "write the whole identifier of a revision after `depends_on:`".to_owned()
            }
            Problem::SelfLoop { .. } | Problem::Cycle { .. } => {
                "correct `parents:`; a base has `parents: none`".to_owned()
            }
            Problem::DependencySelfLoop { .. } | Problem::DependencyCycle { .. } => "correct `depends_on:`".to_owned(),
            Problem::ReplacesItself { .. } | Problem::ReplacedTwice { .. } => "correct `replaces:`".to_owned(),
            Problem::PartlyReplaced { missing, .. } => {
                format!("bring back the files of {} until every database is past them", list(missing))
            }
        }
    }
}

impl Report for Problem {
    fn class(&self) -> Class {
        Class::Input
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        if let Problem::Script(error) = self {
            return error.diagnostics();
        }
        let diagnostic = Diagnostic::new(self.code(), self.to_string()).help(self.help());
        vec![match self.place() {
            Some(place) => diagnostic.at(place.clone()),
            None => diagnostic,
        }]
    }
}
