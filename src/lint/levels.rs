//! How bad each rule is: as the settings say, or else as the rule does.

use std::collections::BTreeMap;

use super::{Rule, rule, rules};
use crate::model::{Level, LintSetting};
use crate::report::{Class, Diagnostic, Failure, nearest};

/// The level of each rule.
#[derive(Debug, Clone, Default)]
pub struct Levels(BTreeMap<&'static str, Level>);

impl Levels {
    /// The levels that settings give.
    ///
    /// # Errors
    /// When they name no rule.
    pub fn new(settings: &[LintSetting]) -> Result<Levels, Failure> {
        let mut levels = Levels::default();
        let mut mistakes = Vec::new();
        for LintSetting { code, level, place } in settings {
            match rule(code) {
                Some(rule) => {
                    levels.0.insert(rule.code, *level);
                }
                None => mistakes.push(unknown(code).at(place.clone())),
            }
        }
        if mistakes.is_empty() { Ok(levels) } else { Err(Failure::all(Class::Input, mistakes)) }
    }

    /// The same with all other rules switched off.
    pub(super) fn alone(&self, chosen: &[&Rule]) -> Levels {
        let level =
            |one: &Rule| if chosen.iter().any(|rule| one.code == rule.code) { self.of(one) } else { Level::Off };
        Levels(rules().iter().map(|one| (one.code, level(one))).collect())
    }

    /// How bad a rule is.
    #[must_use]
    pub fn of(&self, rule: &Rule) -> Level {
        self.0.get(rule.code).copied().unwrap_or(rule.level)
    }
}

/// What is said against a code that no rule has.
#[must_use]
pub fn unknown(code: &str) -> Diagnostic {
    let known = rules().iter().flat_map(|rule| [rule.code, rule.name]);
    let help = match nearest(code, known) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "`schemactl explain` lists all rules".to_owned(),
    };
    Diagnostic::new("unknown_rule", format!("there is no rule `{code}`")).help(help)
}
