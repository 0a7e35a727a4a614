//! When has a trigger changed?

use std::collections::BTreeSet;

use super::body::Bodies;
use crate::schema::{Event, Expression, Name, Trigger};

/// Whether two triggers mean the same and are called the same. The order of UPDATE OF columns does not count.
pub(super) fn same(before: &Trigger, after: &Trigger, bodies: &Bodies) -> bool {
    let Trigger { name, table, timing, event, when, body } = before;
    let watched = Some(table);
    let new_name = |column: &Name| bodies.names().column(table, column);
    let same_when = match (when, &after.when) {
        (Some(old), Some(new)) => bodies.same(&without_parentheses(old), &without_parentheses(new), watched),
        (None, None) => true,
        _ => false,
    };
    name.is_spelled_like(&after.name)
        && bodies.names().table(table) == after.table
        && *timing == after.timing
        && same_event(event, &after.event, new_name)
        && same_when
        && bodies.same(body, &after.body, watched)
}

fn same_event(before: &Event, after: &Event, new_name: impl Fn(&Name) -> Name) -> bool {
    match (before, after) {
        (Event::Update(old), Event::Update(new)) => {
            let old: BTreeSet<Name> = old.iter().map(new_name).collect();
            old == new.iter().cloned().collect()
        }
        (old, new) => old == new,
    }
}

fn without_parentheses(expression: &Expression) -> Expression {
    Expression::without_parentheses(expression.as_str())
}
