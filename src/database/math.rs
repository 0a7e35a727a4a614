//! The math functions of SQLite for builds that lack them, so that schemas that use them can be read and run.
//!
//! Same names, arguments and results as <https://www.sqlite.org/lang_mathfunc.html>: NULL for what is no number.

use std::f64::consts;

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};

type OneArgument = (&'static str, fn(f64) -> f64);
type TwoArguments = (&'static str, fn(f64, f64) -> f64);

const ONE_ARGUMENT: [OneArgument; 20] = [
    ("acos", f64::acos),
    ("acosh", f64::acosh),
    ("asin", f64::asin),
    ("asinh", f64::asinh),
    ("atan", f64::atan),
    ("atanh", f64::atanh),
    ("cos", f64::cos),
    ("cosh", f64::cosh),
    ("degrees", f64::to_degrees),
    ("exp", f64::exp),
    ("ln", |x| of_positive(x, f64::ln)),
    ("log", |x| of_positive(x, f64::log10)),
    ("log10", |x| of_positive(x, f64::log10)),
    ("log2", |x| of_positive(x, f64::log2)),
    ("radians", f64::to_radians),
    ("sin", f64::sin),
    ("sinh", f64::sinh),
    ("sqrt", f64::sqrt),
    ("tan", f64::tan),
    ("tanh", f64::tanh),
];

/// Functions that leave an integer as it is.
const ROUNDING: [OneArgument; 4] =
    [("ceil", f64::ceil), ("ceiling", f64::ceil), ("floor", f64::floor), ("trunc", f64::trunc)];

const TWO_ARGUMENTS: [TwoArguments; 5] = [
    ("atan2", f64::atan2),
    ("log", |base, x| of_positive(x, f64::ln) / of_positive(base, f64::ln)),
    ("mod", |a, b| a % b),
    ("pow", f64::powf),
    ("power", f64::powf),
];

/// Registers the math functions on a connection whose SQLite was built without them.
pub(super) fn register_where_missing(connection: &Connection) -> rusqlite::Result<()> {
    let ask = "SELECT sqlite_compileoption_used('ENABLE_MATH_FUNCTIONS')";
    let built_in: bool = connection.query_row(ask, [], |row| row.get(0))?;
    if built_in { Ok(()) } else { register(connection) }
}

fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    for (name, function) in ONE_ARGUMENT {
        connection.create_scalar_function(name, 1, flags, move |context| Ok(number(context, 0).map(function)))?;
    }
    for (name, function) in ROUNDING {
        connection.create_scalar_function(name, 1, flags, move |context| {
            Ok(match context.get_raw(0) {
                ValueRef::Integer(whole) => Value::Integer(whole),
                _ => number(context, 0).map_or(Value::Null, |number| Value::Real(function(number))),
            })
        })?;
    }
    for (name, function) in TWO_ARGUMENTS {
        connection.create_scalar_function(name, 2, flags, move |context| {
            Ok(number(context, 0).zip(number(context, 1)).map(|(a, b)| function(a, b)))
        })?;
    }
    connection.create_scalar_function("pi", 0, flags, |_| Ok(consts::PI))
}

/// A logarithm, which SQLite gives of positive numbers only; NaN, which becomes NULL, of others.
fn of_positive(x: f64, logarithm: fn(f64) -> f64) -> f64 {
    if x > 0.0 { logarithm(x) } else { f64::NAN }
}

/// An argument as a number, also from text that is one.
fn number(context: &Context<'_>, argument: usize) -> Option<f64> {
    match context.get_raw(argument) {
        #[expect(clippy::cast_precision_loss, reason = "SQLite computes these in double precision too")]
        ValueRef::Integer(whole) => Some(whole as f64),
        ValueRef::Real(real) => Some(real),
        ValueRef::Text(text) => std::str::from_utf8(text).ok()?.trim().parse().ok(),
        ValueRef::Null | ValueRef::Blob(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_answer_as_those_of_sqlite_do() {
        let built_in = Connection::open_in_memory().unwrap();
        let ours = Connection::open_in_memory().unwrap();
        register(&ours).unwrap();
        let all = "SELECT quote(round(sqrt(2), 9)), quote(ceil(3)), quote(ceil(2.5)), quote(trunc(-2.5)), \
            quote(round(log(2, 8), 9)), quote(round(log(100), 9)), quote(mod(7, 3)), quote(pow(2, '3')), quote(round(pi(), 9)), \
            quote(sqrt('x')), quote(sqrt(-1)), quote(ln(0)), quote(round(atan2(1, 2), 9)), quote(acos(NULL))";
        let read = |connection: &Connection| -> rusqlite::Result<Vec<String>> {
            connection.query_row(all, [], |row| (0..14).map(|column| row.get(column)).collect())
        };
        let ours = read(&ours).unwrap();
        assert_eq!(ours.len(), 14);
        if let Ok(expected) = read(&built_in) {
            assert_eq!(ours, expected);
        }
    }
}
