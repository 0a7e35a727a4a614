//! Runs the rules over a schema or a revision, and takes out what somebody has agreed to.

use std::cell::Cell;

use super::allow::{Allow, Scope};
use super::found::{At, Found};
use super::levels::{Levels, unknown};
use super::rule::{Check, Rule};
use super::rules::{bad_allow, rules, unused_allow};
use super::step::Step;
use super::subject::Subject;
use super::{Finding, Linted};
use crate::model::{Level, Model};
use crate::report::{Diagnostic, Place};
use crate::revision::HeaderKey;
use crate::schema::{Name, ObjectKind, ObjectRef};

/// Notes what the rules find in a schema. Its objects have places where it comes from a model.
pub(super) fn schema(subject: &Subject<'_>, model: Option<&Model>, levels: &Levels, linted: &mut Linted) {
    let allows: Vec<Allow> = model.iter().flat_map(|model| &model.allowed).map(of_model).collect();
    let mut findings = Vec::new();
    for (rule, level) in at_work(levels) {
        let Check::Schema(check) = rule.check else { continue };
        for found in check(subject) {
            let At::Object { object, column, owner } = &found.at else { continue };
            let is_allowed = allowed(&allows, rule, |scope| matches!(scope, Scope::Object(object) if object == owner));
            if is_allowed {
                linted.allowed += 1;
                continue;
            }
            let place = model.and_then(|model| place_in_model(model, object, column.as_ref(), owner));
            findings.push(Finding { rule, level, diagnostic: diagnostic(rule, found, place), revision: None });
        }
    }
    findings.extend(of_allows(&allows, levels));
    // One after another as a reader of the file meets them.
    findings.sort_by_key(|finding| {
        finding.diagnostic.place.as_ref().map(|place| (place.source.path.clone(), place.span.start))
    });
    linted.findings.extend(findings);
}

/// Notes what the rules find in a revision.
pub(super) fn revision(step: &Step<'_>, levels: &Levels, linted: &mut Linted) {
    let allows = super::allow::of_script(step.script, &step.statements);
    let mut findings = Vec::new();
    for (rule, level) in at_work(levels) {
        let (Check::Revision(check) | Check::Rows(check)) = rule.check else { continue };
        for found in check(step) {
            let place = match &found.at {
                At::Sql(span) => step.section.place(span.clone()),
                _ => step.script.place_of(HeaderKey::Revision),
            };
            let is_allowed = allowed(&allows, rule, |scope| match scope {
                Scope::Script => true,
                Scope::Statement(span) => place.span.start >= span.start && place.span.end <= span.end,
                Scope::Object(_) => false,
            });
            if is_allowed {
                linted.allowed += 1;
                continue;
            }
            let revision = Some(step.script.revision.id.clone());
            findings.push(Finding { rule, level, diagnostic: diagnostic(rule, found, Some(place)), revision });
        }
    }
    let revision = Some(step.script.revision.id.clone());
    findings.extend(of_allows(&allows, levels).map(|finding| Finding { revision: revision.clone(), ..finding }));
    findings.sort_by_key(|finding| finding.diagnostic.place.as_ref().map(|place| place.span.start));
    linted.findings.extend(findings);
}

/// The rules that are not switched off.
fn at_work(levels: &Levels) -> impl Iterator<Item = (&'static Rule, Level)> {
    rules().iter().map(|rule| (*rule, levels.of(rule))).filter(|(_, level)| *level != Level::Off)
}

fn of_model(allowed: &crate::model::Allowed) -> Allow {
    Allow {
        code: allowed.code.clone(),
        reason: allowed.reason.clone(),
        place: allowed.place.clone(),
        scope: Scope::Object(allowed.object.clone()),
        is_used: Cell::new(false),
    }
}

/// Whether somebody has agreed to a finding.
fn allowed(allows: &[Allow], rule: &Rule, covers: impl Fn(&Scope) -> bool) -> bool {
    let mut is_allowed = false;
    for allow in allows.iter().filter(|allow| super::rule(&allow.code).is_some_and(|known| known.code == rule.code)) {
        if !allow.reason.is_empty() && covers(&allow.scope) {
            allow.is_used.set(true);
            is_allowed = true;
        }
    }
    is_allowed
}

/// What is wrong with agreements: they name no rule, give no reason, or agree to nothing.
fn of_allows<'a>(allows: &'a [Allow], levels: &'a Levels) -> impl Iterator<Item = Finding> + 'a {
    allows.iter().filter_map(|allow| {
        let (rule, message, help): (&'static Rule, _, _) = match super::rule(&allow.code) {
            None if allow.code.is_empty() => {
                let help = "name the code of a rule and a reason: `-- schemactl: allow SC202 nobody reads it`";
                (&bad_allow::RULE, "`allow` names no rule".to_owned(), Some(help.to_owned()))
            }
            None => {
                let Diagnostic { message, help, .. } = unknown(&allow.code);
                (&bad_allow::RULE, message, help)
            }
            Some(rule) if allow.reason.is_empty() => {
                let message = format!("`allow {}` gives no reason", rule.code);
                (&bad_allow::RULE, message, Some("say behind the code why it is all right here".to_owned()))
            }
            // What only rows can show is not shown without a database.
            Some(rule) if allow.is_used.get() || levels.of(rule) == Level::Off || rule.needs_rows() => return None,
            Some(rule) => {
                let message = format!("`allow {}` agrees to nothing: {} finds nothing here", rule.code, rule.name);
                (&unused_allow::RULE, message, Some("take it out".to_owned()))
            }
        };
        let level = levels.of(rule);
        let mut diagnostic = Diagnostic::new(rule.code, message).at(allow.place.clone());
        diagnostic.help = help;
        (level != Level::Off).then_some(Finding { rule, level, diagnostic, revision: None })
    })
}

fn diagnostic(rule: &'static Rule, found: Found, place: Option<Place>) -> Diagnostic {
    let Found { at: _, message, label, notes, help } = found;
    Diagnostic { code: rule.code, message, place, label, notes, help }
}

/// Where the model describes an object; an index is described with its table.
fn place_in_model(model: &Model, object: &ObjectRef, column: Option<&Name>, owner: &ObjectRef) -> Option<Place> {
    let place = model.place(object, column).or_else(|| model.place(owner, None)).cloned();
    place.or_else(|| {
        // The tables of a model may be views, virtual tables or ordinary ones.
        let kinds = [ObjectKind::Table, ObjectKind::View, ObjectKind::VirtualTable, ObjectKind::Trigger];
        kinds.iter().find_map(|kind| model.place(&ObjectRef::new(*kind, &object.name), None).cloned())
    })
}
