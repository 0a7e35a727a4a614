//! Columns by their places.

use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::statement::{Kind, Statement};
use crate::lint::step::Step;
use crate::token::{Token, significant_tokens};

rule! {
    /// INSERT … SELECT * without the names of the columns.
    ///
    /// # Why
    ///
    /// Values go where their place says. A column that was added at the end on one database and in the middle on another,
    /// and the values end up in the wrong columns; SQLite takes any value anywhere.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT);
    /// -- migrate:up
    /// CREATE TABLE old_user (id INTEGER PRIMARY KEY, name TEXT);
    /// INSERT INTO old_user SELECT * FROM user;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT);
    /// -- migrate:up
    /// CREATE TABLE old_user (id INTEGER PRIMARY KEY, name TEXT);
    /// INSERT INTO old_user (id, name) SELECT id, name FROM user;
    /// ```
    ///
    /// # Fix
    ///
    /// Name the columns on both sides.
    "SC306", "insert-select-star", Warn, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    let copies =
        step.statements.iter().filter(|statement| matches!(statement.kind, Kind::Insert { from: Some(_), .. }));
    copies
        .filter(|statement| takes_all(statement))
        .map(|statement| {
            let message = "INSERT … SELECT * puts values where their place says, not their name";
            Found::statement(statement, message).help("name the columns on both sides")
        })
        .collect()
}

fn takes_all(statement: &Statement) -> bool {
    let tokens: Vec<Token<'_>> = significant_tokens(&statement.text).collect();
    let select = tokens.iter().position(|token| token.is_word("SELECT"));
    select.is_some_and(|select| {
        let names_star = tokens.get(select + 1).is_some_and(|token| token.is_operator("*"));
        names_star && tokens.get(select + 2).is_some_and(|token| token.is_word("FROM"))
    })
}
