//! One rule a file. To add one: its file, `mod` and a line in the list, a row in the README, a key in the JSON Schema.

mod accidental_integer;
pub(super) mod bad_allow;
mod check_over_rows;
mod comment_in_add_column;
mod dangling_reference;
mod date_type_as_number;
mod defer_foreign_keys;
mod does_not_compile;
mod double_quoted_string;
mod double_quoted_value;
mod down_discards;
mod drop_column;
mod drop_table;
mod foreign_key_affinity;
mod foreign_key_collation;
mod foreign_key_mismatch;
mod foreign_key_over_rows;
mod foreign_key_without_index;
mod foreign_keys_pragma;
mod hand_written_rebuild;
mod impossible_action;
mod insert_select_star;
mod long_lock;
mod lost_with_table;
mod missed_rowid_alias;
pub(super) mod misspelt_type;
mod needless_autoincrement;
mod needless_transaction_false;
mod no_primary_key;
mod no_way_back;
mod not_null_over_rows;
mod nullable_primary_key;
mod over_rows;
mod redundant_index;
mod rename_breaks_programs;
mod rowid_alias_changed;
pub(super) mod script_fails;
pub(super) mod sql_as_text;
mod text_type_as_number;
mod transaction_statement;
mod trigger_never_fires;
mod type_over_rows;
mod unique_over_rows;
pub(super) mod unused_allow;
mod update_without_where;
mod values_replaced;
mod without_rowid_integer_key;

use super::Rule;

/// All rules in the order of their codes.
#[must_use]
pub fn rules() -> &'static [&'static Rule] {
    RULES
}

static RULES: &[&Rule] = &[
    &script_fails::RULE,
    &unused_allow::RULE,
    &bad_allow::RULE,
    &foreign_key_without_index::RULE,
    &foreign_key_mismatch::RULE,
    &missed_rowid_alias::RULE,
    &nullable_primary_key::RULE,
    &text_type_as_number::RULE,
    &date_type_as_number::RULE,
    &accidental_integer::RULE,
    &misspelt_type::RULE,
    &redundant_index::RULE,
    &double_quoted_string::RULE,
    &needless_autoincrement::RULE,
    &foreign_key_affinity::RULE,
    &foreign_key_collation::RULE,
    &no_primary_key::RULE,
    &without_rowid_integer_key::RULE,
    &trigger_never_fires::RULE,
    &does_not_compile::RULE,
    &impossible_action::RULE,
    &sql_as_text::RULE,
    &drop_table::RULE,
    &drop_column::RULE,
    &not_null_over_rows::RULE,
    &unique_over_rows::RULE,
    &check_over_rows::RULE,
    &foreign_key_over_rows::RULE,
    &type_over_rows::RULE,
    &rename_breaks_programs::RULE,
    &rowid_alias_changed::RULE,
    &no_way_back::RULE,
    &down_discards::RULE,
    &long_lock::RULE,
    &lost_with_table::RULE,
    &dangling_reference::RULE,
    &values_replaced::RULE,
    &update_without_where::RULE,
    &foreign_keys_pragma::RULE,
    &transaction_statement::RULE,
    &defer_foreign_keys::RULE,
    &hand_written_rebuild::RULE,
    &insert_select_star::RULE,
    &needless_transaction_false::RULE,
    &double_quoted_value::RULE,
    &comment_in_add_column::RULE,
];
